/* Golden.java: what Jackson and java.time print of inputs.jsonl, given on standard input */
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

public class Golden {
	static final ObjectMapper PLAIN = new ObjectMapper();
	static final Map<String, List<Object>> INPUTS = new LinkedHashMap<>();
	static final List<Instant> TIMES = new ArrayList<>();

	interface Printer {
		byte[] print(Object value) throws Exception;
	}

	/* Of names and values in turn. */
	static Map<String, Object> object(Object... members) {
		Map<String, Object> object = new LinkedHashMap<>();
		for (int i = 0; i < members.length; i += 2)
			object.put((String) members[i], members[i + 1]);
		return object;
	}

	static void emit(Object... members) throws Exception {
		System.out.println(PLAIN.writeValueAsString(object(members)));
	}

	/* Surrogates in the form of UTF-8 among the bytes. */
	static String string(String hex) {
		byte[] bytes = HexFormat.of().parseHex(hex);
		StringBuilder text = new StringBuilder();
		for (int i = 0; i < bytes.length;) {
			int lead = bytes[i] & 0xFF, size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
			int point = size == 1 ? lead : lead & 0x7F >> size;
			for (int k = 1; k < size; k++)
				point = point << 6 | bytes[i + k] & 0x3F;
			text.appendCodePoint(point);
			i += size;
		}
		return text.toString();
	}

	static String printed(Printer printer, Object value) {
		try {
			return HexFormat.of().formatHex(printer.print(value));
		} catch (Exception refused) {
			return null;
		}
	}

	static void style(Object style, Printer printer) throws Exception {
		List<String> documents = new ArrayList<>(), strings = new ArrayList<>();
		for (Object text : INPUTS.get("documents"))
			documents.add(printed(printer, PLAIN.readValue((String) text, Object.class)));
		for (Object text : INPUTS.get("strings"))
			strings.add(printed(printer, string((String) text)));
		emit("style", style, "documents", documents);
		emit("style", style, "strings", strings);
	}

	static void times(Object how, Function<Instant, String> print) throws Exception {
		emit("time", how, "instants", TIMES.stream().map(print).toList());
	}

	static void localTimes(String name) throws Exception {
		ZoneId zone = ZoneId.of(name);
		emit("time", object("digits", "java", "zone", "Z"), "zone", name,
			"offsets", TIMES.stream().map(time -> zone.getRules().getOffset(time).getTotalSeconds()).toList(),
			"instants", TIMES.stream().map(time -> OffsetDateTime.ofInstant(time, zone).toString()).toList());
	}

	public static void main(String[] arguments) throws Exception {
		BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
		for (String line; (line = in.readLine()) != null;)
			INPUTS.putAll(PLAIN.readValue(line, new TypeReference<Map<String, List<Object>>>() { }));
		emit("made_by", "Java " + Runtime.version() + ", Jackson " + PLAIN.version(), "command", arguments[0]);
		ObjectMapper sorted = JsonMapper.builder().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).build();
		ObjectMapper ascii = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();
		style("jackson", value -> PLAIN.writeValueAsString(value).getBytes(StandardCharsets.UTF_8));
		style(object("like", "jackson", "escape", "upper case, pairs"), value -> PLAIN.writeValueAsBytes(value));
		style(object("like", "jackson", "escape", "upper case, ascii"),
			value -> ascii.writeValueAsString(value).getBytes(StandardCharsets.UTF_8));
		style(object("like", "jackson", "sort", "UTF-16"),
			value -> sorted.writeValueAsString(value).getBytes(StandardCharsets.UTF_8));
		List<String> doubles = new ArrayList<>();
		for (Object bits : INPUTS.get("doubles"))
			doubles.add(PLAIN.writeValueAsString(Double.longBitsToDouble(Long.parseUnsignedLong((String) bits, 16))));
		emit("numbers", "java", "doubles", doubles);

		for (Object instant : INPUTS.get("instants"))
			TIMES.add(Instant.EPOCH.plus(((Number) instant).longValue(), ChronoUnit.MICROS));
		times(object("digits", "thousands"), Instant::toString);
		times(object("digits", "java"), time -> time.atOffset(ZoneOffset.UTC).toString());
		times(object("digits", "java", "zone", "none"), time -> time.atOffset(ZoneOffset.UTC).toLocalDateTime().toString());
		times(object("digits", "thousands", "precision", "ms"), time -> time.truncatedTo(ChronoUnit.MILLIS).toString());
		times(object("digits", "java", "precision", "s"),
			time -> time.truncatedTo(ChronoUnit.SECONDS).atOffset(ZoneOffset.UTC).toString());
		times(object("notation", "epoch", "unit", "ms"), time -> Long.toString(time.toEpochMilli()));
		times(object("notation", "fraction", "unit", "ns"), time -> Integer.toString(time.getNano()));
		for (String zone : List.of("Asia/Seoul", "America/New_York", "Asia/Kolkata", "Europe/London"))
			localTimes(zone);
	}
}
