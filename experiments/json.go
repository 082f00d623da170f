package experiments

import (
	"encoding/json"
	"io"
)

// WriteJSON writes a value for programs, in the form that all commands share.
func WriteJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false) // people read it, too, and lines of source are full of &, < and >
	return e.Encode(v)
}
