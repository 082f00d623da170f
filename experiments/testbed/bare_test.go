package testbed

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/faults"
	"resvirt/hw/machine"
	"resvirt/internal/testkernel"
	"resvirt/sim"
)

// bareLab is the golden run of bare-quick.
func bareLab(t *testing.T) *campaign.Lab {
	t.Helper()
	e, _, err := experiments.Load("bare-quick")
	if err != nil {
		t.Fatal(err)
	}
	sys, err := Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	l, err := campaign.NewLab(e, sys)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestFaultsInAProgram: faults strike the functions of a program on the bare machine, wherever
// it is; a jump to nowhere is noticed, some other harm and some not; both engines come to the
// same rows, and so does the program that a database would hold.
func TestFaultsInAProgram(t *testing.T) {
	t.Parallel()
	l := bareLab(t)
	if n := l.Golden.Facts.Counters.Target; n != l.Golden.Facts.Instructions {
		t.Errorf("%d instructions of %d are the program's", n, l.Golden.Facts.Instructions)
	}
	other, err := OnEngine(l.System, machine.Plain{})
	if err != nil {
		t.Fatal(err)
	}
	stored, err := Stored(*l.Experiment, l.System.Parts())
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(stored.Identity(), l.System.Identity()) {
		t.Errorf("stored: %q, built: %q", stored.Identity(), l.System.Identity())
	}
	plain := *l
	plain.System = other
	outcomes := map[faults.Outcome]int{}
	for i := range 16 {
		w := &campaign.Worker{Lab: l}
		row := w.Unit(i, l.Experiment.Settings)[0]
		outcomes[row.Outcome]++
		if row.Strike == nil || row.Strike.Place.Function == "" || row.Outcome == faults.ToolError {
			t.Errorf("%s: %v (%s), strike %+v", row.Run(), row.Outcome, row.Reason, row.Strike)
			continue
		}
		if row.Strike.Kind == faults.Failstop && (row.Outcome != faults.ComponentLost || len(row.Detections) != 1) {
			t.Errorf("%s: %v (%s), detections %+v", row.Run(), row.Outcome, row.Reason, row.Detections)
		}
		if i%5 == 0 {
			again := &campaign.Worker{Lab: &plain}
			if r := again.Unit(i, l.Experiment.Settings)[0]; !reflect.DeepEqual(r, row) {
				t.Errorf("%s: the plain engine comes to %v (%s), the fast one to %v (%s)", row.Run(), r.Outcome, r.Reason, row.Outcome, row.Reason)
			}
		}
	}
	if outcomes[faults.ComponentLost] == 0 || outcomes[faults.Silent]+outcomes[faults.Hang] == 0 {
		t.Errorf("outcomes %v", outcomes)
	}
	if _, err := GuestsOf(l.System); !errors.Is(err, errBare) {
		t.Errorf("to look into it: %v", err)
	}
}

// program is a file that boots: code behind a Multiboot header (Multiboot specification
// 0.6.96, 3.1).
func program(t *testing.T, parts ...[]byte) string {
	t.Helper()
	const at, magic, flags = 0x100000, 0x1badb002, 1 << 16
	file := make([]byte, 32)
	code := slices.Concat(append([][]byte{testkernel.Stack()}, parts...)...)
	end := uint32(at + len(file) + len(code))
	for i, v := range [...]uint32{magic, flags, ^uint32(magic+flags) + 1, at, at, end, end, at + 32} {
		binary.LittleEndian.PutUint32(file[4*i:], v)
	}
	name := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(name, append(file, code...), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// bareOn is the system of a program.
func bareOn(t *testing.T, kernel string) (*experiments.Experiment, *Bare) {
	t.Helper()
	e, _, err := experiments.Load("bare-quick")
	if err != nil {
		t.Fatal(err)
	}
	e.Program = experiments.Program{Kernel: kernel, Failure: []string{"broken"}}
	sys, err := Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return &e, sys.(*Bare)
}

// TestHowProgramsNotice: a triple fault, another exit code and a whole line that says so are
// detections; halting for good, switching the machine off and other output are not, but no
// good end either.
func TestHowProgramsNotice(t *testing.T) {
	t.Parallel()
	const com1 = 0x3f8
	say := func(text string) []byte { return append(testkernel.Text(text), testkernel.Print(com1)...) }
	_, right := bareOn(t, program(t, say("all\n"), say("right\n"), testkernel.Exit(0)))
	m, err := right.Boot()
	if err != nil {
		t.Fatal(err)
	}
	golden := &faults.Golden{Deadline: sim.Second, Checkpoints: nil}
	if stop := m.Run(faults.Until{Time: sim.Second}); stop.Reason != faults.Exited || stop.Code != right.target.ExitOK {
		t.Fatalf("the right program: %s", campaign.Describe(stop))
	}
	golden.Output = bytes.Clone(m.Serial())
	for _, c := range []struct {
		name    string
		code    [][]byte
		outcome faults.Outcome
		reason  string
	}{
		{"right", [][]byte{say("all\n"), say("right\n"), testkernel.Exit(0)}, faults.Latent, ""},
		{"triple fault", [][]byte{say("all\n"), testkernel.Triple()}, faults.ComponentLost, "reset: triple fault"},
		{"another exit code", [][]byte{say("all\n"), say("right\n"), testkernel.Exit(3)}, faults.ComponentLost, "exit: exit with code 7"},
		{"says so", [][]byte{say("it is broken!\n"), testkernel.Exit(0)}, faults.ComponentLost, "message: it is broken!"},
		{"says so and halts", [][]byte{say("broken\n"), testkernel.Halt()}, faults.ComponentLost, "message: broken"},
		{"says half of it", [][]byte{say("broken"), testkernel.Exit(0)}, faults.Silent, `program: line 1 is "broken"`},
		{"says something else", [][]byte{say("all\n"), say("wrong\n"), testkernel.Exit(0)}, faults.Silent, `program: line 2 is "wrong"`},
		{"says less", [][]byte{say("all\n"), testkernel.Exit(0)}, faults.Silent, "program: 4 of 10 bytes, the next would be \"right\\n\""},
		{"halts", [][]byte{say("all\n"), testkernel.Halt()}, faults.Hang, faults.AtFullHalt.String()},
	} {
		_, s := bareOn(t, program(t, c.code...))
		m, err := s.Boot()
		if err != nil {
			t.Fatal(err)
		}
		o := faults.Observe(m, s.target, golden, 0)
		verdicts := s.target.Judge(golden.Output, o.Output)
		if got, reason := faults.Classify(s.target, golden, &o, verdicts); got != c.outcome || reason != c.reason {
			t.Errorf("%s: %v (%s), want %v (%s)", c.name, got, reason, c.outcome, c.reason)
		}
	}
}

// What is wrong with a program is said of the key that names it.
func TestMistakesInPrograms(t *testing.T) {
	t.Parallel()
	e, _, err := experiments.Load("bare-quick")
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte("no kernel"), 0o600); err != nil {
		t.Fatal(err)
	}
	for kernel, want := range map[string]string{"nowhere": "no such file", text: "no kernel that boots here"} {
		e.Program.Kernel = kernel
		if _, err := Build(e, func(string) {}); err == nil || !strings.Contains(err.Error(), "program.kernel = ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", kernel, err)
		}
	}
}
