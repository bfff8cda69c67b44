// javascript.js: what Node.js prints of inputs.jsonl, given on standard input
'use strict';
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\n').map(line => JSON.parse(line));
const { documents, strings, doubles, instants } = Object.assign({}, ...lines);

function emit(line) {
	process.stdout.write(JSON.stringify(line) + '\n');
}

function hex(text) {
	return Buffer.from(text).toString('hex');
}

// Bytes in hexadecimal, surrogates in the form of UTF-8 among them.
function string(bytes) {
	return Buffer.from(bytes, 'hex').toString('latin1').replace(/[\xed][\xa0-\xbf][\x80-\xbf]|[\x80-\xff]+?(?![\x80-\xbf])/g, part =>
		part[0] === '\xed' && part.charCodeAt(1) > 0x9f
			? String.fromCharCode(0xd000 | (part.charCodeAt(1) & 0x3f) << 6 | part.charCodeAt(2) & 0x3f)
			: Buffer.from(part, 'latin1').toString());
}

function sorted(value) {
	if (Array.isArray(value))
		return '[' + value.map(sorted).join(',') + ']';
	if (value === null || typeof value !== 'object')
		return JSON.stringify(value);
	return '{' + Object.keys(value).sort().map(key => JSON.stringify(key) + ':' + sorted(value[key])).join(',') + '}';
}

function double(bits) {
	return Buffer.from(bits, 'hex').readDoubleBE();
}

emit({ made_by: 'Node.js ' + process.versions.node, command: './make.sh javascript' });
emit({ style: 'javascript', documents: documents.map(text => hex(JSON.stringify(JSON.parse(text)))) });
emit({ style: 'jcs', documents: documents.map(text => hex(sorted(JSON.parse(text)))) });
emit({ style: 'javascript', strings: strings.map(bytes => hex(JSON.stringify(string(bytes)))) });
emit({ numbers: 'javascript', doubles: doubles.map(bits => JSON.stringify(double(bits))) });

const dates = instants.map(instant => new Date(Math.floor(instant / 1000)));
emit({ time: { digits: 3 }, instants: dates.map(date => date.toISOString()) });
emit({ time: { notation: 'epoch', unit: 'ms' }, instants: dates.map(date => String(date.getTime())) });
emit({ time: { notation: 'fraction', unit: 'ms' }, instants: dates.map(date => String(date.getUTCMilliseconds())) });
for (const zone of ['Asia/Seoul', 'UTC', 'America/New_York', 'Asia/Kolkata']) {
	process.env.TZ = zone;
	const texts = dates.map(date => new Date(date.getTime()).toString());
	emit({ time: { notation: 'js-date' }, zone, instants: texts, zone_names: texts.map(text => /\((.*)\)/.exec(text)[1]),
		offsets: dates.map(date => {
			const local = new Date(date.getTime()), second = 1000;
			const wall = Date.UTC(local.getFullYear(), local.getMonth(), local.getDate(), local.getHours(),
				local.getMinutes(), local.getSeconds());
			const real = new Date(wall);
			real.setUTCFullYear(local.getFullYear());
			return (real.getTime() - Math.floor(date.getTime() / second) * second) / second;
		}) });
}
