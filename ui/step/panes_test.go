package step

import (
	"fmt"
	"strings"
	"testing"

	"resvirt/faults"
)

// asides does what is found beside the screen.
func (x *session) asides() {
	for _, a := range x.d.asides() {
		x.send(a(x.t.Context()))
	}
}

// What each pane shows of a run whose fault was detected is what its row and its machine say.
func TestPanesSayWhatTheRowSays(t *testing.T) {
	t.Parallel()
	x := opened(t, 160, 48, "full", faults.Recovered)
	row := x.s.Run.Row
	d := row.Detections[0]
	x.keys("D")
	m := x.d.rec.Run.Machine()

	at := faults.Place{PC: m.Register(d.CPU, faults.RIP)}
	at = x.d.rec.Lab.System.Target().Locate(at.PC)
	if at.File == "" {
		t.Fatalf("the detection at %#x has no line", at.PC)
	}
	x.sees(at.File, fmt.Sprintf("▶%5d ", at.Line)) // source
	x.sees("▶", fmt.Sprintf("CPU%d", d.CPU))       // instructions
	x.keys("3", "z")
	for r := range faults.Register(16) { // registers
		x.sees(fmt.Sprintf("%016x", m.Register(d.CPU, r)))
	}
	x.keys("8")
	x.sees(fmt.Sprintf("rsp = %#x", m.Register(d.CPU, 4)))           // memory
	x.sees("physical", x.s.Now.Facts[memoryPane].(*dump).lastLine()) // and its translation
	if pa, ok := m.Translate(d.CPU, m.Register(d.CPU, 4)); !ok || x.s.Now.Facts[memoryPane].(*dump).lastLine() != fmt.Sprintf("physical %#x", pa) {
		t.Errorf("the walk ends with %q, the machine translates to %#x", x.s.Now.Facts[memoryPane].(*dump).lastLine(), pa)
	}
	x.keys("z")
	x.sees("VMM           recovers") // components
	for _, v := range row.Verdicts {
		x.sees(v.VM)
	}
	x.keys("n")
	x.sees("step 1 of", row.Steps[0].Name) // timeline

	broken, err := x.d.rec.DamageAt(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	x.sees(fmt.Sprintf("Invariants  %d broken", len(broken.Broken)))
	if s := x.d.stackOf(x.s.Now.CPU); s.frames[0].PC != m.Register(x.s.Now.CPU, faults.RIP) {
		t.Errorf("the stack begins at %#x", s.frames[0].PC)
	}
}

func (d *dump) lastLine() string { return d.walk[len(d.walk)-1] }

// Asides: the run executed again is the row; the invariants' history has what is broken here; the
// chain of causes begins at the fault and leads to it.
func TestAsides(t *testing.T) {
	t.Parallel()
	x := opened(t, 160, 48, "full", faults.Recovered)
	x.keys("E", "9")
	x.asides()
	x.sees("replay = row")
	if p := x.s.Known.parted; !strings.HasPrefix(p, "parted at F") && !strings.HasPrefix(p, "parted at D") {
		t.Errorf("a run that was detected to fail %q", p)
	}
	x.keys("F")
	x.sees(x.s.Known.parted + "; vs golden: ")
	x.keys("E")
	if h := x.s.Known.health; h == nil || h.Positions[0] != x.s.Run.Row.Strike.Position {
		t.Errorf("the history of invariants: %+v, %s", x.s.Known.health, x.s.Known.why)
	}
	if len(x.s.Known.chain) == 0 {
		t.Fatalf("no chain: %s", x.s.Known.noChain)
	}
	x.keys("Home", "Enter")
	if x.s.Now.At != x.s.Run.Row.Strike.Position {
		t.Errorf("the first cause leads to %d, the fault struck at %d", x.s.Now.At, x.s.Run.Row.Strike.Position)
	}
}

// Who set the register that the fault changed: the fault.
func TestWhoWrote(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	strike := x.s.Run.Row.Strike
	reg, err := faults.ParseRegister(strike.What)
	if err != nil {
		t.Fatal("the fault changed no register: " + strike.What)
	}
	x.keys("3")
	for i, r := range registerOrder {
		if r == reg {
			x.s.Rows[registersPane].cursor = i
		}
	}
	x.keys("w")
	x.sees(fmt.Sprintf("%#x became %#x by the fault", strike.Before, strike.After))
}

// Stops lead to the detection entry, both ways; marks and undo lead back.
func TestStopsAndMarks(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	d := x.s.Run.Row.Detections[0].Position
	name := x.d.rec.Lab.System.Target().Locate(x.d.rec.Lab.System.Target().Entries[0].PC).Function
	x.keys("m", "a")
	x.types("break " + name)
	x.keys(">")
	x.sees("stopped at " + name)
	if x.s.Now.At != d {
		t.Errorf("> leads to %d, the detection is at %d", x.s.Now.At, d)
	}
	x.keys("E", "<")
	if x.s.Now.At != d {
		t.Errorf("< leads to %d, the detection is at %d", x.s.Now.At, d)
	}
	x.keys("'", "a")
	if x.s.Now.At != x.s.Run.Row.Strike.Position {
		t.Errorf("the mark leads to %d", x.s.Now.At)
	}
	x.types("notes")
	x.sees("mark a", name, "@F")
	x.keys("Esc", "u")
	if x.s.Now.At != d {
		t.Errorf("undo leads to %d", x.s.Now.At)
	}
}

// A search for what the console shows leads to where it has just been printed.
func TestSearchOfTheConsole(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	x.types("start")
	before := len(x.d.rec.Run.Machine().Serial())
	x.types("E")
	text := strings.TrimSpace(string(x.d.rec.Run.Machine().Serial()[before:]))
	line, _, _ := strings.Cut(text, "\n")
	line = strings.TrimSpace(line)
	x.types("start")
	x.keys("/")
	for _, r := range line {
		x.keys(key(r))
	}
	x.keys("Enter")
	serial := string(x.d.rec.Run.Machine().Serial())
	if !strings.HasSuffix(serial, line) {
		t.Errorf("looking for %q leads to %d (%s), where the console ends with %q", line, x.s.Now.At, x.s.Say, serial[max(len(serial)-80, 0):])
	}
	x.keys("/")
	for _, r := range "no such text" {
		x.keys(key(r))
	}
	x.keys("Enter")
	x.sees("is not printed")
}

// The hypervisor's structures are shown by their types.
func TestStructures(t *testing.T) {
	t.Parallel()
	x := opened(t, 80, 24, "full", faults.Recovered)
	x.types("show")
	x.sees("+ CPU0", "+ CPU1", "Structures")
	x.keys("Esc")
	x.types("show CPU1")
	x.sees("CPU1.ID                  uint32               1")
	x.keys("Esc")
	x.types("show CPU1.tss")
	x.sees("CPU1.tss.rsp")
	x.keys("Esc")
	x.types("show nonsense")
	x.sees("there is no nonsense")
}
