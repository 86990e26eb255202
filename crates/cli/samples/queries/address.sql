SELECT utctimestamp, source, summary, json_extract(details, '$._ipaddresses') AS addresses
FROM events
WHERE json_array_contains(json_extract(details, '$._ipaddresses'), '7.1.14.12')
ORDER BY utctimestamp
