SELECT stage, reason, from_utf8(raw) AS original FROM rejects ORDER BY reason
