package explain

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestJSONHasHexadecimalAddresses: they are texts as in the JSON of a row, since numbers
// of 64 bits lose digits in programs that count in floating point.
func TestJSONHasHexadecimalAddresses(t *testing.T) {
	at := Line{Function: "main.f", PC: 0xffff82d04008653f, Source: "if a < b && c {"}
	e := Explanation{At: at, Detection: &Detected{Position: 7, CPUs: []Chain{{Calls: []Line{at}}}}, End: End{CPUs: []Chain{{Calls: []Line{at}}}}}
	var b bytes.Buffer
	if err := e.JSON(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b.Bytes(), []byte(at.Source)) {
		t.Errorf("a line of source cannot be read:\n%s", b.Bytes())
	}
	var read struct {
		At        struct{ PC string }
		Detection struct {
			Position int
			CPUs     []struct{ Calls []struct{ PC string } }
		}
		End struct {
			CPUs []struct{ Calls []struct{ PC string } }
		}
	}
	if err := json.Unmarshal(b.Bytes(), &read); err != nil {
		t.Fatal(err)
	}
	for _, pc := range []string{read.At.PC, read.Detection.CPUs[0].Calls[0].PC, read.End.CPUs[0].Calls[0].PC} {
		if pc != "0xffff82d04008653f" {
			t.Errorf("an address is %q", pc)
		}
	}
	if read.Detection.Position != 7 {
		t.Errorf("a position is %d", read.Detection.Position)
	}
}
