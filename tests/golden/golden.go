// golden.go: what Go prints of inputs.jsonl, given on standard input
package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"runtime"
	"strconv"
	"time"
	_ "time/tzdata"
	"unicode/utf8"
)

type object = map[string]any

var inputs struct {
	Documents, Strings, Doubles []string
	Instants                    []int64
}

func emit(line object) {
	text, _ := json.Marshal(line)
	fmt.Println(string(text))
}

// Hexadecimal, or null where Go refuses.
func printed(value any, html bool) any {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(html)
	if encoder.Encode(value) != nil {
		return nil
	}
	return hex.EncodeToString(bytes.TrimSuffix(out.Bytes(), []byte("\n")))
}

func documents(html, stored bool) (outputs []any) {
	for _, text := range inputs.Documents {
		var value any
		decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
		if stored {
			decoder.UseNumber()
		}
		if decoder.Decode(&value) != nil {
			outputs = append(outputs, nil)
			continue
		}
		outputs = append(outputs, printed(value, html))
	}
	return outputs
}

func strings(html bool) (outputs []any) {
	for _, text := range inputs.Strings {
		decoded, _ := hex.DecodeString(text)
		if !utf8.Valid(decoded) {
			outputs = append(outputs, nil)
			continue
		}
		outputs = append(outputs, printed(string(decoded), html))
	}
	return outputs
}

// Integers, where they fit.
func integers() (outputs []any) {
	for _, text := range inputs.Documents {
		if signed, err := strconv.ParseInt(text, 10, 64); err == nil {
			outputs = append(outputs, printed(signed, true))
		} else if unsigned, err := strconv.ParseUint(text, 10, 64); err == nil {
			outputs = append(outputs, printed(unsigned, true))
		} else {
			outputs = append(outputs, nil)
		}
	}
	return outputs
}

func doubles() (outputs []string) {
	for _, text := range inputs.Doubles {
		bits, _ := strconv.ParseUint(text, 16, 64)
		out, _ := json.Marshal(math.Float64frombits(bits))
		outputs = append(outputs, string(out))
	}
	return outputs
}

func times(how object, print func(time.Time) string) {
	var outputs []string
	for _, instant := range inputs.Instants {
		outputs = append(outputs, print(time.UnixMicro(instant).UTC()))
	}
	emit(object{"time": how, "instants": outputs})
}

// Offsets of odd seconds, from before there were zones, are printed without them: left out.
func localTimes(name string) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	var outputs []any
	var offsets []int
	for _, instant := range inputs.Instants {
		local := time.UnixMicro(instant).In(zone)
		_, offset := local.Zone()
		offsets = append(offsets, offset)
		if offset%60 != 0 {
			outputs = append(outputs, nil)
			continue
		}
		outputs = append(outputs, local.Format(time.RFC3339Nano))
	}
	emit(object{"time": object{"digits": "trim", "zone": "Z"}, "zone": name, "offsets": offsets, "instants": outputs})
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := json.Unmarshal(lines.Bytes(), &inputs); err != nil {
			panic(err)
		}
	}
	emit(object{"made_by": runtime.Version(), "command": "./make.sh go"})
	emit(object{"style": "go", "documents": documents(true, false)})
	emit(object{"style": "go", "strings": strings(true)})
	lenient := object{"like": "go", "escape": "lines"}
	emit(object{"style": lenient, "documents": documents(false, false)})
	emit(object{"style": lenient, "strings": strings(false)})
	emit(object{"style": object{"like": "go", "numbers": "as stored"}, "documents": documents(true, true)})
	emit(object{"style": object{"like": "go", "numbers": "go int64"}, "documents": integers()})
	emit(object{"numbers": "go", "doubles": doubles()})
	times(object{"digits": "trim"}, func(t time.Time) string { return t.Format(time.RFC3339Nano) })
	times(object{"digits": 0}, func(t time.Time) string { return t.Format(time.RFC3339) })
	times(object{"digits": 9}, func(t time.Time) string { return t.Format("2006-01-02T15:04:05.000000000Z07:00") })
	times(object{"digits": 2}, func(t time.Time) string { return t.Format("2006-01-02T15:04:05.00Z07:00") })
	times(object{"digits": 7, "zone": "+00:00"}, func(t time.Time) string { return t.Format("2006-01-02T15:04:05.0000000-07:00") })
	times(object{"digits": "trim", "precision": "ms"},
		func(t time.Time) string { return t.Truncate(time.Millisecond).Format(time.RFC3339Nano) })
	times(object{"notation": "fraction", "unit": "ns"}, func(t time.Time) string { return strconv.Itoa(t.Nanosecond()) })
	times(object{"notation": "epoch", "unit": "us"}, func(t time.Time) string { return strconv.FormatInt(t.UnixMicro(), 10) })
	for _, zone := range []string{"Asia/Seoul", "America/New_York", "Asia/Kolkata", "Europe/London"} {
		localTimes(zone)
	}
}
