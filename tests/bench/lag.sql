-- lag.sql: the chain of the plan's shape verified by the server; fails when it is not whole
SELECT 1 / (count(*) FILTER (WHERE
		hash IS DISTINCT FROM encode(sha256(convert_to(
			concat_ws('|', coalesce(previous_hash, ''), id, user_id, action, resource,
				coalesce(resource_id, ''),
				to_char(created_at AT TIME ZONE 'UTC',
					'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')), 'UTF8')), 'hex')
		OR previous_hash IS DISTINCT FROM before) = 0)::int
FROM (SELECT *, lag(hash) OVER (ORDER BY id) AS before FROM public.audit_logs) entries;
