package experiments

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"unicode"

	"github.com/pelletier/go-toml/v2"

	"resvirt/internal/words"
)

// Mistakes in an experiment file are reported with their place, in the words of such files.

// placed turns the library's error into ":line:column: what".
func placed(err error, text []byte) error {
	var strict *toml.StrictMissingError
	if errors.As(err, &strict) && len(strict.Errors) > 0 {
		first := strict.Errors[0]
		line, column := first.Position()
		return fmt.Errorf(":%d:%d: %s; see `resvirt list`", line, column, unknown(first.Key(), lineBefore(text, line, column)))
	}
	var decode *toml.DecodeError
	if !errors.As(err, &decode) {
		return errors.New(": " + plain(err.Error()))
	}
	line, column := decode.Position()
	what := plain(strings.TrimPrefix(decode.Error(), "toml: "))
	if key, t := typeOf(decode.Key()); t != nil && (strings.HasPrefix(what, "cannot ") || strings.HasPrefix(what, "negative ")) {
		what = key + ": " + expected(key, t)
	}
	return fmt.Errorf(":%d:%d: %s", line, column, what)
}

// plain is a text from a file in one line, without control characters for
// terminals.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '·'
	}, s)
}

// lineBefore is what stands in a line before a column.
func lineBefore(text []byte, line, column int) string {
	lines := strings.Split(string(text), "\n")
	if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1])+1 {
		return ""
	}
	return strings.TrimSpace(lines[line-1][:column-1])
}

// unknown names a key or table that does not exist, and the nearest that does.
func unknown(key toml.Key, before string) string {
	name := plain(strings.Join(key, "."))
	if strings.HasPrefix(before, "[") {
		var tables []string
		for _, t := range tableNames() {
			tables = append(tables, strings.Trim(t, "[]"))
		}
		near := words.Nearest(name, tables)
		for _, t := range tableNames() {
			if strings.Trim(t, "[]") == near {
				return fmt.Sprintf("unknown table %s%s%s (do you mean %s?)", before, name, strings.Repeat("]", len(before)), t)
			}
		}
		return fmt.Sprintf("unknown table %s%s%s: there are %s", before, name, strings.Repeat("]", len(before)), words.And(tableNames()))
	}
	var names []string
	for _, k := range Keys() {
		if strings.HasSuffix(k.Name, "."+key[len(key)-1]) {
			return fmt.Sprintf("unknown key %q (do you mean %s?)", name, k.Name) // in another table
		}
		names = append(names, k.Name)
	}
	return fmt.Sprintf("unknown key %q%s", name, meant(name, names))
}

// meant is the end of a message about an unknown word: it names a similar one that
// is known.
func meant(word string, known []string) string {
	if near := words.Nearest(word, known); near != "" {
		return " (do you mean " + near + "?)"
	}
	return ""
}

// typeOf is the type of a key's value, nil if there is no such key. If a part of the key
// names no table, that part is the key.
func typeOf(key toml.Key) (string, reflect.Type) {
	t := reflect.TypeFor[Experiment]()
next:
	for at, name := range key {
		if t.Kind() == reflect.Slice {
			t = t.Elem()
		}
		if t.Kind() != reflect.Struct {
			return strings.Join(key[:at], "."), t
		}
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() && f.Tag.Get("toml") == name {
				t = f.Type
				continue next
			}
		}
		return "", nil
	}
	return strings.Join(key, "."), t
}

// expected describes the values that a key may have.
func expected(key string, t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		return fmt.Sprintf("it is one table: write [%s] on a line of its own, once, and its keys on the lines below", key)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct {
			return fmt.Sprintf("there can be several: write [[%s]] on a line of its own for each %s, and its keys on the lines below", key, key)
		}
		if t.Elem().Kind() == reflect.String {
			return `it must be a list of texts in quotes, like ["one", "two"]`
		}
		if t.Elem().Kind() == reflect.Float64 {
			return "it must be a list of numbers, like [0.5, 2.0]"
		}
		return "it must be a list of whole numbers, like [10, 90]"
	case reflect.Bool:
		return "it must be true or false, without quotes"
	case reflect.String:
		return `it must be a text in quotes, like "text"`
	case reflect.Float64:
		return "it must be a number, like 98.5, without quotes"
	case reflect.Uint64:
		return "it must be a whole number from 0 on, like 20000, without quotes"
	}
	return "it must be a whole number, like 500, without quotes"
}

var header = regexp.MustCompile(`^[ \t]*\[[ \t]*([a-z_]+)[ \t]*\]`)

// checkTables refuses [setting] for [[setting]]. A single one would be read as it was
// meant, but a second one is an error of the format. (Databases hold old files with a
// single one.)
func checkTables(origin string, text []byte) error {
	var all map[string]any
	wrong := toml.Unmarshal(text, &all)
	for i, line := range strings.Split(string(text), "\n") {
		m := header.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		if _, one := all[m[1]].(map[string]any); wrong == nil && !one {
			continue // this line is inside a text
		}
		if _, t := typeOf(toml.Key{m[1]}); t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			return FileError{fmt.Errorf("%s:%d: [%s]: %s", origin, i+1, m[1], expected(m[1], t))}
		}
	}
	return nil
}

// checkNames refuses names of settings that no command could be told, since a run is
// called SETTING/NUMBER, and names that no table could show. (Databases may hold old
// files with such a name.)
func checkNames(origin string, text []byte, e Experiment) error {
	if strings.Contains(e.Name, "/") || !legible(e.Name) {
		return FileError{fmt.Errorf("%s: name = %q: it must be one line that can be read, without /, since the database is called after it", placeOf(origin, text, e.Name), e.Name)}
	}
	for _, s := range e.Settings {
		switch {
		case strings.Contains(s.Name, "/"):
			return FileError{fmt.Errorf("%s: setting %q: its name must be without /, since its runs are called SETTING/NUMBER", placeOf(origin, text, s.Name), s.Name)}
		case !legible(s.Name):
			return FileError{fmt.Errorf("%s: setting %q: its name must be one line that can be read, without blanks around it", placeOf(origin, text, s.Name), s.Name)}
		}
	}
	return nil
}

// legible tells whether a name can stand in a table: with nothing that a terminal
// would obey, and no blanks around it.
func legible(name string) bool {
	return strings.TrimSpace(name) == name && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) })
}

// placeOf is origin and the first line that has a word in quotes.
func placeOf(origin string, text []byte, word string) string {
	for i, line := range strings.Split(string(text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		if strings.Contains(line, `"`+word+`"`) || strings.Contains(line, "'"+word+"'") {
			return fmt.Sprintf("%s:%d", origin, i+1)
		}
	}
	return origin
}
