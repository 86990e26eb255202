WITH logon AS (
  SELECT json_extract_scalar(details, '$.user_logon_id') AS logon_id,
         json_extract_scalar(details, '$.src_ip_addr') AS src_ip
  FROM events
  WHERE json_extract_scalar(details, '$.event_id') = '4624'
    AND json_extract_scalar(details, '$.logon_type') = '3'),
process AS (
  SELECT utctimestamp, json_extract_scalar(details, '$.user_logon_id') AS logon_id,
         json_extract_scalar(details, '$.host_name') AS host,
         json_extract_scalar(details, '$.user_name') AS user_name,
         json_extract_scalar(details, '$.process_parent_name') AS parent,
         json_extract_scalar(details, '$.process_name') AS process
  FROM events
  WHERE json_extract_scalar(details, '$.action') = 'processcreate')
SELECT process.utctimestamp, src_ip, host, user_name, parent, process
FROM logon JOIN process ON logon.logon_id = process.logon_id
