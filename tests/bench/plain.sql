-- plain.sql: a table as most are: numbers, times, short texts; 156 bytes a row of a binary COPY
--
-- psql -v rows=2000000
CREATE TABLE plain (
	id bigint NOT NULL,
	owner uuid NOT NULL,
	name text NOT NULL,
	email text,
	city character varying(40),
	note text,
	visits integer NOT NULL,
	balance numeric(12,2) NOT NULL,
	active boolean NOT NULL,
	created_at timestamp with time zone NOT NULL
);
INSERT INTO plain
SELECT i, md5('owner ' || i)::uuid,
	initcap(substr(h, 1, 5 + i % 6) || ' ' || substr(h, 11, 4 + i % 9)),
	CASE WHEN i % 10 > 0 THEN substr(h, 1, 6 + i % 13) || '@mail.example' END,
	(ARRAY['서울특별시', 'Busan', 'Incheon', '대구광역시', 'Daejeon', 'Gwangju', NULL])[1 + i % 7],
	CASE WHEN i % 4 > 0 THEN substr(h, 2, i % 29) || ' some note' END,
	i % 1000, (i % 1000003)::numeric / 100, i % 3 > 0,
	timestamptz '2024-01-01 00:00+00' + i * interval '13.7 seconds'
FROM (SELECT i, md5(i::text) AS h FROM generate_series(1, :rows) AS i) AS numbered;
ALTER TABLE plain ADD PRIMARY KEY (id);
VACUUM (FREEZE, ANALYZE) plain;
