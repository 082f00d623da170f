package retrace

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"resvirt/experiments"
)

// WriteJSON writes an object that holds a row, or parts of one, in a single style of
// names and of numbers.
func WriteJSON(w io.Writer, object any) error {
	var text bytes.Buffer
	if err := experiments.WriteJSON(&text, object); err != nil {
		return err
	}
	_, err := w.Write(forPrograms(text.Bytes()))
	return err
}

// Members of a row in the form that databases have, and words among them that are
// addresses or contents: as numbers they lose digits in programs that count in
// floating point, and nobody can read them.
var (
	member = regexp.MustCompile(`(?m)^ *"[A-Z]\w*":`)
	word   = regexp.MustCompile(`(?m)^( *"(?:pc|address|before|after|choice)": )([0-9]+)(,?)$`)
)

// forPrograms gives an object one style of names and hexadecimal words. A line is
// one member, since texts have no line ends.
func forPrograms(object []byte) []byte {
	object = member.ReplaceAllFunc(object, bytes.ToLower)
	return word.ReplaceAllFunc(object, func(line []byte) []byte {
		m := word.FindSubmatch(line)
		v, err := strconv.ParseUint(string(m[2]), 10, 64)
		if err != nil {
			panic("BUG: a word of a row: " + err.Error())
		}
		return fmt.Appendf(nil, "%s\"%#x\"%s", m[1], v, m[3])
	})
}
