SELECT utctimestamp, json_extract_scalar(details, '$.useridentity.username') AS user_name,
       json_extract_scalar(details, '$.sourceipaddress') AS ip,
       json_extract_scalar(details, '$.responseelements.consolelogin') AS result
FROM "defenda_data_lake"."events"
WHERE source = 'cloudtrail'
  AND json_extract_scalar(details, '$.eventname') = 'ConsoleLogin'
  AND ((year = '2020' AND month = '06' AND day = '19' AND hour = '01')
    OR (year = '2020' AND month = '06' AND day = '19' AND hour = '02'))
LIMIT 100
