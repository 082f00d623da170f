package step

import (
	"slices"
	"strings"
	"testing"

	"resvirt/faults"
)

// typed types at the prompt without entering it.
func (x *session) typed(lead key, text string) {
	x.keys(lead)
	for _, r := range text {
		x.keys(key(r))
	}
	x.keys("Tab")
}

// Tab at the prompt completes verbs, places and names of functions; the hypervisor's, and with their image in
// front of them those of others.
func TestCompletion(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	for _, c := range []struct{ lead, typed, want string }{
		{":", "wat", "watch "}, {":", "break detectP", "break main.detectPanic"}, {":", "main.detectPa", "main.detectPanic"},
		{"/", "detectPan", "main.detectPanic"}, {":", "show CPU", "show CPU"}, {":", "no such thing", "no such thing"}, {":", "appvm!guest.vecSysc", "appvm!guest.vecSyscall"},
		{":", "sta", "start"}, {":", "not", "note"},
	} {
		x.typed(key(c.lead), c.typed)
		if got := x.s.Line.text; got != c.want {
			t.Errorf("Tab behind %s%s gives %q, want %q", c.lead, c.typed, got, c.want)
		}
		x.keys("Esc")
	}
	x.typed(":", "show CPU")
	x.sees("CPU0", "CPU1")
	x.keys("Esc")
	step := x.s.Run.Row.Steps[0].Name
	x.typed(":", step[:len(step)-1])
	if !strings.HasPrefix(x.s.Line.text, step) {
		t.Errorf("%q is not completed: %q", step, x.s.Line.text)
	}
	x.keys("Esc")
	if !slices.IsSorted(x.s.Run.Places) {
		t.Error("places are not sorted")
	}
}

// A function that the hypervisor has not is said to be where it is.
func TestFunctionsElsewhere(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	for _, text := range []string{"vecSyscall", "main.vecSyscall", "break vecSyscall"} {
		x.types(text)
		if !strings.Contains(x.s.Say, "appvm!vecSyscall") {
			t.Errorf(":%s answers %q", text, x.s.Say)
		}
	}
	x.types("noSuchFunctionAnywhere")
	x.sees("is no place")
}
