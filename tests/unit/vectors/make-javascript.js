// make-javascript.js: what JSON.stringify of Node.js prints; run it as
//   node make-javascript.js > javascript.json        (made with Node.js 20.20.2)
'use strict';

let seed = 12345n;
function random() {
	seed = (seed * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
	return seed;
}

function doubleOf(bits) {
	const view = new DataView(new ArrayBuffer(8));
	view.setBigUint64(0, bits & 0xffffffffffffffffn);
	return view.getFloat64(0);
}

function numberTexts() {
	const texts = ['0', '-0', '0.0', '-0.0', '1.0', '1.10', '10', '100', '-5', '1e0', '1E2', '1e+2',
		'1e21', '1e20', '999999999999999999999', '1000000000000000000000', '123456789012345678901234',
		'1e-6', '1e-7', '0.000001', '0.0000001', '0.00000123', '9007199254740991',
		'9007199254740992', '9007199254740993', '9007199254740993.0', '-9007199254740993',
		'18446744073709551615', '18446744073709551616', '0.1', '0.2', '0.30000000000000004', '1e400', '-1e400',
		'1e-400', '1.7976931348623157e308', '1.7976931348623159e308', '2.2250738585072014e-308',
		'2.2250738585072011e-308', '5e-324', '2e-324', '3e-324', '4.9406564584124654e-324',
		'1e23', '9.5e-7', '333333333.33333329', '1E30', '4.50', '2e-3',
		'0.000000000000000000000000001', '123456789012345', '1234567890123456', '12345678901234567',
		'0.1234567890123456789', '100000000000000000000000000000000', '1.000000000000000000000000000001',
		'5.684341886080801e-14', '5.684341886080802e-14', '1e999999999999', '0e999999999999', '-0e5',
		'1.5e-10', '15e-11', '1500000000000000000000e-31'];
	for (let e = -1074; e <= 1023; e++)
		texts.push((2 ** e).toExponential(20));
	for (let e = -30; e <= 30; e++)
		texts.push('1e' + e, '1.5e' + e, '123456789e' + e, '9.99999999999999e' + e, '9.999999999999999e' + e);
	for (let i = 0; i < 1500; i++) {
		const number = doubleOf(random());
		if (Number.isFinite(number))
			texts.push(number.toExponential(Number(random() % 20n)));
	}
	for (let i = 0; i < 500; i++)
		texts.push(String(Number(random() % 1000000n) / 100), String(random() % 100000000000000000n));
	return texts;
}

// Texts are valid JSON without lone surrogates, as a store can hold them.
const documents = [
	'{}', '[]', '[{}]', '{"a":[]}', '{"a":{}}', '{"b":1,"a":2}', '{"":1}', '[null,true,false]',
	'{"10":1,"9":2,"b":3,"a":4,"0":5,"01":6,"-1":7,"4294967294":8,"4294967295":9,"1.5":10}',
	'{"2":{"b":1,"1":2},"1":[{"z":1,"3":2,"y":3}]}', '{"a":1,"b":2,"a":3}', '{"1":1,"a":2,"1":3}',
	'"한국어 \u{1F436} emoji"', '"\\u0000\\u0001\\u0008\\u0009\\u000a\\u000b\\u000c\\u000d\\u001f\\u0020\\u007f\\u0080\\u009f"',
	'"<>&/\'\\"\\\\ \\u2028\\u2029 \\ufeff \\uffff \\ufffe"', '"퟿ 힣 가 \ue000 \uffff"',
	'{"\u{1F600}":1,"\uffff":2,"\ue000":3,"\u{10FFFF}":4,"힣":5,"z":6,"\u0080":7}',
	'{"é":1,"e\u0301":2,"z":3,"Z":4,"ß":5,"한":6,"\\n":7,"\\"":8,"\\\\":9}',
	'{"n":[1.0,1e21,1e-7,9007199254740993,-0,0.1,1.10,123456789012345678901234567890]}',
	'{"a":{"b":{"c":{"d":[[[[{"e":"f"}]]]]}}}}', '{"a b":1,"a":2,"a ":3,"aa":4,"A":5,"":6}',
	'[1,"2",{"3":4},[5]]', '{"action":"x","n":1,"arr":[{"action":"k","z":1}]}',
	'{"id":"1","userId":"u","list":[{"userId":1,"list":2},[{"userId":3}]],"other":{"userId":4}}',
];

function sorted(value) {
	if (Array.isArray(value))
		return '[' + value.map(sorted).join(',') + ']';
	if (value === null || typeof value !== 'object')
		return JSON.stringify(value);
	return '{' + Object.keys(value).sort()
		.map(key => JSON.stringify(key) + ':' + sorted(value[key])).join(',') + '}';
}

const names = ['userId', 'action', 'list', '1', 'metadata', 'a'];
const rows = documents.map(text => {
	const value = JSON.parse(text);
	return [text, JSON.stringify(value), sorted(value), JSON.stringify(value, names)];
});
const surrogates = ['\ud800', 'a\udfff', '\udc00\ud800', '\ud83d\ude00\ud83d'].map(text => [
	Buffer.from([...text].flatMap(c => {
		const point = c.codePointAt(0);
		return point >= 0xd800 && point < 0xe000
			? [0xed, 0x80 | point >> 6 & 0x3f, 0x80 | point & 0x3f] : [...Buffer.from(c)];
	})).toString('hex'), JSON.stringify(text)]);
const numbers = numberTexts().map(text => [text, JSON.stringify(JSON.parse(text))]);
const singles = [0.1, 16777216, 1.1, 3.4028234663852886e38, 1e-45, 0.3, 123.456, 1e10].map(number =>
	[Math.fround(number).toExponential(20), JSON.stringify(Number(Math.fround(number).toPrecision(
		[1, 2, 3, 4, 5, 6, 7, 8, 9].find(digits =>
			Math.fround(Number(Math.fround(number).toPrecision(digits))) === Math.fround(number)))))]);

function line(row) {
	return JSON.stringify(row);
}
process.stdout.write('{\n"allow": ' + JSON.stringify(names) + ',\n');
process.stdout.write('"documents": [\n' + rows.map(line).join(',\n') + '\n],\n');
process.stdout.write('"surrogates": [\n' + surrogates.map(line).join(',\n') + '\n],\n');
process.stdout.write('"singles": [\n' + singles.map(line).join(',\n') + '\n],\n');
process.stdout.write('"numbers": [\n' + numbers.map(line).join(',\n') + '\n]\n}\n');
