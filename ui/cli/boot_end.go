package cli

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"resvirt/hw/machine"
)

// Exit statuses of `boot`, besides 0, usage and interrupt. All are even: a value that
// a kernel writes to the exit port gives an odd status, and test suites take 1 for
// "passed".
const (
	bootHalted      = 4 // no processor runs and none will be woken
	bootTripleFault = 6
	bootReset       = 8
	bootLimit       = 10
	bootUnsupported = 12
	bootFailed      = 14 // an error of this program: a file, a kernel that does not boot here
)

const bootStatuses = `exit status: 0 switched off, or Ctrl-A x; odd: 2*V+1 for V written to the exit port 0xf4;
  4 halted for good; 6 triple fault; 8 reset; 10 --max-instructions; 12 not emulated;
  2 wrong command line; 14 no such file, or nothing that boots here; 130 interrupted
`

// bootStatus is the status for how a machine ended.
func bootStatus(s machine.Stop) error {
	switch s.Reason {
	case machine.None, machine.PowerOff:
		return nil
	case machine.Exit:
		return status(s.Code & 0xff)
	case machine.TripleFault:
		return status(bootTripleFault)
	case machine.Reset:
		return status(bootReset)
	case machine.ReachedPosition:
		return status(bootLimit)
	case machine.Unsupported:
		return status(bootUnsupported)
	}
	return status(bootHalted)
}

// bootError prints an error of this program, and gives it a status that differs from
// those of kernels.
func bootError(e *env, err error) error {
	var code status
	var use usageError
	if err == nil || errors.As(err, &code) || errors.As(err, &use) {
		return err
	}
	if !errors.Is(err, syscall.EPIPE) { // else nobody reads the message
		e.complain(err.Error())
	}
	return status(bootFailed)
}

// tellPOST lists the last POST codes, which show how far a ROM has come.
func tellPOST(e *env, m *machine.Machine) {
	const most = 32
	var codes []string
	for _, event := range m.Events() {
		if event.Kind == machine.Post {
			codes = append(codes, fmt.Sprintf("%02x", event.Value))
		}
	}
	if n := len(codes); n > most {
		codes = append([]string{"..."}, codes[n-most:]...)
	}
	fmt.Fprintln(e.stderr, "resvirt: POST codes:", strings.Join(codes, " "))
}

// tellEnd prints how the machine ended, unless its kernel ended it on purpose.
func tellEnd(e *env, m *machine.Machine, s machine.Stop) {
	switch s.Reason {
	case machine.None, machine.PowerOff, machine.Exit:
		return
	case machine.ReachedPosition:
		fmt.Fprintf(e.stderr, "resvirt: stopped after %d instructions (--max-instructions)\n", m.Position())
	case machine.Waiting:
		fmt.Fprintln(e.stderr, "resvirt: all halted: only input could wake a processor, and there is no more")
	default:
		fmt.Fprintf(e.stderr, "resvirt: %v\n", s)
	}
	if s.Reason == machine.TripleFault || s.Reason == machine.Reset || s.Reason == machine.Unsupported {
		printCPU(e.stderr, m, s.CPU)
		return
	}
	for i := range m.Spec().CPUs {
		printCPU(e.stderr, m, i)
	}
}
