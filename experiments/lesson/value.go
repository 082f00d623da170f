package lesson

import (
	"fmt"
	"strconv"
	"strings"
)

// Value is what an expression gives: a number, a text, or true or false.
type Value struct {
	Kind   ValueKind
	Number uint64
	Text   string
	True   bool
	Hex    bool // the number is written so
}

// ValueKind classifies Value.
type ValueKind uint8

// Kinds of values.
const (
	Number ValueKind = iota
	Text
	Bool
)

var valueKinds = [...]string{Number: "a number", Text: "a text", Bool: "true or false"}

func (k ValueKind) String() string { return valueKinds[k] }

func number(n uint64) Value { return Value{Kind: Number, Number: n} }
func hex(n uint64) Value    { return Value{Kind: Number, Number: n, Hex: true} }
func text(s string) Value   { return Value{Kind: Text, Text: s} }
func truth(b bool) Value    { return Value{Kind: Bool, True: b} }

func (v Value) String() string {
	switch v.Kind {
	case Text:
		return v.Text
	case Bool:
		if v.True {
			return "yes"
		}
		return "no"
	}
	if v.Hex {
		return fmt.Sprintf("%#x", v.Number)
	}
	return grouped(v.Number)
}

// grouped writes a number with commas, as people read long ones.
func grouped(n uint64) string {
	s := strconv.FormatUint(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// equal compares two values; those of different kinds are mistakes of the lesson.
func (v Value) equal(w Value) (bool, error) {
	if v.Kind != w.Kind {
		return false, fmt.Errorf("%s (%s) cannot be compared with %s (%s)", v.Kind, v, w.Kind, w)
	}
	switch v.Kind {
	case Text:
		return v.Text == w.Text, nil
	case Bool:
		return v.True == w.True, nil
	}
	return v.Number == w.Number, nil
}

// Accepts tells whether what a student typed is this value, a number within so many
// percent. ok is false where it is not even of this kind.
func (v Value) Accepts(typed string, percent uint64) (right, ok bool) {
	typed = strings.ToLower(strings.TrimSpace(typed))
	switch v.Kind {
	case Bool:
		switch typed {
		case "y", "yes", "true":
			return v.True, true
		case "n", "no", "false":
			return !v.True, true
		}
		return false, false
	case Text:
		want := strings.ToLower(v.Text)
		return typed == want || typed == strings.TrimPrefix(want, "main."), typed != ""
	}
	typed = strings.NewReplacer(",", "", "_", "", " ", "").Replace(typed)
	n, err := strconv.ParseUint(typed, 0, 64)
	if err != nil && v.Hex {
		n, err = strconv.ParseUint(typed, 16, 64)
	}
	if err != nil {
		return false, false
	}
	apart := max(n, v.Number) - min(n, v.Number)
	return apart == 0 || percent > 0 && apart <= v.Number/100*percent+v.Number%100*percent/100, true
}
