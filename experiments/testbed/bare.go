package testbed

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"strings"

	"resvirt/experiments"
	"resvirt/faults"
	"resvirt/hw/machine"
	"resvirt/models"
	"resvirt/sim"
)

//go:generate sh bare/build.sh

// checks is the program that ships.
//
//go:embed bare/checks.bin
var checksProgram []byte

// shippedProgram is its name in an experiment.
const shippedProgram = "checks"

// Bare is a program on the emulated machine, without a hypervisor.
type Bare struct {
	exp    experiments.Experiment
	file   []byte
	spec   machine.Spec
	target *faults.Target
}

// programPart is the name of the program in a database.
const programPart = "program"

// mostProgram bounds the file.
const mostProgram = 256 << 20

// buildBare makes the system of an experiment whose target is a program.
func buildBare(e experiments.Experiment) (experiments.System, error) {
	file := checksProgram
	if name := e.Program.Kernel; name != shippedProgram {
		info, err := os.Stat(name)
		if err == nil && info.Size() > mostProgram {
			err = fmt.Errorf("it has more than %d bytes", mostProgram)
		}
		if err == nil {
			file, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, experiments.FileError{Err: fmt.Errorf("program.kernel = %q: %w; it must be a file, or %q, which ships", name, err, shippedProgram)}
		}
	}
	return bareOf(e, file)
}

// storedBare is the same with the program of a database.
func storedBare(e experiments.Experiment, parts []experiments.Part) (experiments.System, error) {
	p := part(parts, "image", programPart)
	if p == nil {
		return nil, errors.New("the database lacks the program: it cannot be replayed")
	}
	return bareOf(e, p.Data)
}

func bareOf(e experiments.Experiment, file []byte) (experiments.System, error) {
	s := &Bare{exp: e, file: file, spec: specOf(&e)}
	s.spec.Scope = func(*machine.Machine, int, uint64) uint8 { return 0xf } // whatever executes
	s.target = &faults.Target{
		Name: "program", Alone: true, Symbols: symbolsOf(file), ExitOK: uint32(e.Program.Exit)<<1 | 1,
		Judge: judgeProgram, Says: s.says,
	}
	if err := s.spec.Validate(); err != nil {
		return nil, err
	}
	_, err := s.Boot() // says what is wrong with the file
	return s, err
}

// says is faults.Target.Says: the first whole line with one of the texts.
func (s *Bare) says(output []byte) string {
	for line := range bytes.Lines(output) {
		whole, ok := bytes.CutSuffix(line, []byte("\n"))
		for _, text := range s.exp.Program.Failure {
			if ok && bytes.Contains(whole, []byte(text)) {
				return strings.ToValidUTF8(string(bytes.TrimRight(whole, "\r")), "?")
			}
		}
	}
	return ""
}

// CheckOutput is experiments.OutputChecker.
func (s *Bare) CheckOutput(output []byte) error {
	if text := s.says(output); text != "" {
		return fmt.Errorf("the program prints %q without a fault, which program.failure calls a detection", text)
	}
	return nil
}

// judgeProgram compares all that the program printed with what it printed in the golden run.
func judgeProgram(golden, got []byte) []faults.Verdict {
	v := faults.Verdict{VM: "program"}
	want, have := strings.SplitAfter(string(golden), "\n"), strings.SplitAfter(string(got), "\n")
	for i, line := range have {
		switch last := i == len(have)-1; {
		case i < len(want) && line == want[i], last && i < len(want) && strings.HasPrefix(want[i], line):
		default:
			v.Wrong, v.Detail = true, fmt.Sprintf("line %d is %.60q", i+1, strings.ToValidUTF8(strings.TrimSpace(line), "?"))
			return []faults.Verdict{v}
		}
	}
	if len(got) < len(golden) {
		v.Detail = fmt.Sprintf("%d of %d bytes, the next would be %.60q", len(got), len(golden), golden[len(got):])
		return []faults.Verdict{v}
	}
	v.Right, v.Complete, v.Probe = true, true, faults.ProbePassed // its end is the only probe
	return []faults.Verdict{v}
}

// Boot is experiments.System.
func (s *Bare) Boot() (faults.Machine, error) {
	m, err := machine.New(s.spec)
	if err != nil {
		return nil, err
	}
	if err := m.LoadKernel(s.exp.Program.Kernel, s.file, s.exp.Program.Append, nil); err != nil {
		return nil, experiments.FileError{Err: fmt.Errorf("program.kernel = %q: %s", s.exp.Program.Kernel, strings.TrimPrefix(err.Error(), "machine: "))}
	}
	return &Hardware{Machine: m}, nil
}

// Fork is experiments.System.
func (s *Bare) Fork(snapshot faults.Snapshot) faults.Machine {
	return &Hardware{Machine: machine.NewFrom(snapshot.(*machine.Snapshot))}
}

// Target is experiments.System.
func (s *Bare) Target() *faults.Target { return s.target }

// Steps is experiments.System: nothing recovers.
func (s *Bare) Steps() []string { return nil }

// Started is experiments.System.
func (s *Bare) Started(serial []byte) bool {
	return bytes.Contains(serial, []byte(s.exp.Program.Start))
}

// Measured is experiments.System.
func (s *Bare) Measured([]byte) bool { return false }

// Facts is experiments.System.
func (s *Bare) Facts(m faults.Machine) experiments.Counters {
	return experiments.Counters{Target: m.Scoped()}
}

// Margin is experiments.System.
func (s *Bare) Margin() sim.Time { return 2 * s.spec.Quantum }

// Semantics is experiments.System.
func (s *Bare) Semantics() string { return fmt.Sprint(machine.SemanticsVersion) }

// Identity is experiments.System.
func (s *Bare) Identity() []string {
	return []string{
		"models " + experiments.Sum(fmt.Appendf(nil, "%d %+v", models.Semantics, s.spec.Models)),
		"program " + experiments.Sum(s.file),
	}
}

// Parts is experiments.System.
func (s *Bare) Parts() []experiments.Part {
	return []experiments.Part{{Kind: "image", Name: programPart, Digest: experiments.Sum(s.file), Data: s.file}}
}
