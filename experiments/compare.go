package experiments

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
)

// Compare names every field in which two executions of a run differ.
func Compare(stored, now *Row) ([]string, error) {
	// Lists that are empty are stored as null or [].
	var copied Row
	b, err := json.Marshal(now)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &copied); err != nil {
		return nil, err
	}
	var old Row
	if b, err = json.Marshal(stored); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(b, &old); err != nil {
		return nil, err
	}
	var list []string
	x, y := reflect.ValueOf(old), reflect.ValueOf(copied)
	for i := range x.NumField() {
		if a, b := x.Field(i).Interface(), y.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			was, is := apart(plainJSON(a), plainJSON(b))
			list = append(list, fmt.Sprintf("%s: stored %s, now %s", x.Type().Field(i).Name, was, is))
		}
	}
	return list, nil
}

func plainJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// apart shortens two long texts to the part where they begin to differ.
func apart(a, b string) (string, string) {
	const before, most = 40, 160
	same := 0
	for same < min(len(a), len(b)) && a[same] == b[same] {
		same++
	}
	cut := func(s string) string {
		if from := same - before; from > 0 && len(s) > most {
			s = "…" + s[from:]
		}
		if len(s) > most {
			s = s[:most] + "…"
		}
		return strings.ToValidUTF8(s, "?")
	}
	return cut(a), cut(b)
}
