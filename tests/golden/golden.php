<?php
/* golden.php: what PHP prints of inputs.jsonl, given on standard input */

$inputs = [];
while (($line = fgets(STDIN)) !== false)
	$inputs += json_decode($line, true);

function emit(array $line): void
{
	echo json_encode($line, JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION), "\n";
}

/* Hexadecimal, or null where PHP refuses. */
function printed(mixed $value, int $flags): ?string
{
	$text = json_encode($value, $flags);
	return $text === false ? null : bin2hex($text);
}

function document(string $text, int $flags): ?string
{
	$value = json_decode($text);
	return json_last_error() ? null : printed($value, $flags);
}

$ways = [
	['php', 0],
	[['like' => 'php', 'escape' => 'ascii but DEL'], JSON_UNESCAPED_SLASHES],
	[['like' => 'php', 'escape' => 'slash, lines'], JSON_UNESCAPED_UNICODE],
	[['like' => 'php', 'escape' => 'lines'], JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE],
	[['like' => 'php', 'escape' => 'minimal'],
		JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_LINE_TERMINATORS],
	[['like' => 'php', 'numbers' => 'php fraction'], JSON_PRESERVE_ZERO_FRACTION],
];
emit(['made_by' => 'PHP ' . PHP_VERSION . ', serialize_precision ' . ini_get('serialize_precision'),
	'command' => './make.sh php']);
foreach ($ways as [$style, $flags]) {
	emit(['style' => $style, 'documents' => array_map(fn($text) => document($text, $flags), $inputs['documents'])]);
	emit(['style' => $style, 'strings' => array_map(fn($text) => printed(hex2bin($text), $flags), $inputs['strings'])]);
}
foreach (['php' => 0, 'php fraction' => JSON_PRESERVE_ZERO_FRACTION] as $numbers => $flags)
	emit(['numbers' => $numbers, 'doubles' => array_map(
		fn($bits) => json_encode(unpack('E', hex2bin($bits))[1], $flags), $inputs['doubles'])]);

/* Which of two names ksort() puts first: the first of them, 1, or the other, 0; of equal ones the first. */
$names = ['b', 'a', 'aa', '10', '9', '-1', '01', '1.5', '1e1', ' 2', '2 ', 'x1', 'é', '가', '😀', '', 'A', '.5', '0x1A',
	'1 a', '5.', '+3', '9223372036854775807', '9223372036854775808', '00', '-0', 'e1', '.', '1e', 'inf', '2026-01-02'];
emit(['sort' => 'ksort', 'names' => $names, 'first' => array_map(fn($a) => implode(array_map(function ($b) use ($a) {
	$pair = [$a => 1, $b => 1];
	ksort($pair);
	return (string)array_key_first($pair) === $a ? '1' : '0';
}, $names)), $names)]);

function instant(int $microseconds, string $zone): DateTimeImmutable
{
	$seconds = intdiv($microseconds - ($microseconds < 0 ? 999999 : 0), 1000000);
	return (new DateTimeImmutable("@$seconds"))->modify('+' . ($microseconds - $seconds * 1000000) . ' microseconds')
		->setTimezone(new DateTimeZone($zone));
}

$formats = [
	[['digits' => 0, 'zone' => '+00:00'], DATE_ATOM],
	[['digits' => 6, 'zone' => 'none', 'separator' => ' '], 'Y-m-d H:i:s.u'],
	[['digits' => 0, 'zone' => 'none', 'separator' => ' '], 'Y-m-d H:i:s'],
	[['digits' => 3, 'zone' => '+00:00'], DATE_RFC3339_EXTENDED],
	[['notation' => 'epoch', 'unit' => 's'], 'U'],
	[['digits' => 6, 'zone' => '+00:00'], 'Y-m-d\TH:i:s.uP'],
];
foreach (['UTC', 'Asia/Seoul', 'America/New_York'] as $zone)
	foreach ($formats as [$time, $format]) {
		$times = array_map(fn($instant) => instant($instant, $zone), $inputs['instants']);
		/* Offsets of odd seconds, from before there were zones, are printed without them. */
		emit(['time' => $time, 'zone' => $zone, 'offsets' => array_map(fn($time) => $time->getOffset(), $times),
			'instants' => array_map(fn($time) => $time->getOffset() % 60 ? null : $time->format($format), $times)]);
	}
