package cli

import (
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"

	"resvirt/experiments/recording"
	"resvirt/hw/machine"
	"resvirt/ui/gdb"
)

// gdbAddr is the flag --gdb, alone or with an address.
type gdbAddr struct {
	on   bool
	addr string
}

const gdbUsage = "wait for gdb before the first instruction, at " + gdbPort + " or at --gdb=ADDR: HOST:PORT, or PORT of this computer"

func (g *gdbAddr) String() string { return g.addr }

// IsBoolFlag lets the flag stand alone.
func (g *gdbAddr) IsBoolFlag() bool { return true }

func (g *gdbAddr) Set(s string) error {
	if s == "true" {
		s = gdbPort
	}
	g.on, g.addr = s != "false", s
	return nil
}

// attended is run with gdb in control.
func (r *bootRun) attended(e *env, v *bootValues) (machine.Stop, error) {
	l, err := gdb.Listen(v.gdb.addr)
	if err != nil {
		return machine.Stop{}, err
	}
	defer l.Close()
	to := io.Writer(e.stderr)
	if r.in.restore != nil {
		to = &newlines{w: e.stderr}
	}
	say := func(text string) { fmt.Fprintln(to, "resvirt:", text) }
	hint := "target remote " + l.Addr().String()
	if v.hint != nil {
		if hint, err = v.hint(l); err != nil {
			return machine.Stop{}, err
		}
	}
	say("the machine waits for gdb: " + hint)
	t := &gdb.Live{M: r.m, Run: r.run, Status: exitOf}
	s := &gdb.Server{Target: t, Listener: l, Say: say, Free: true, Idle: r.left}
	err = s.Serve(e.ctx)
	switch stop, ended, failed := t.End(); {
	case ended:
		return stop, failed
	case e.ctx.Err() != nil:
		return machine.Stop{}, status(exitInterrupt)
	default:
		return machine.Stop{}, err
	}
}

// left tells whether the user has quit while the machine stood. Other input stays.
func (r *bootRun) left() bool {
	r.in.bytes = r.in.take()
	return r.in.quit
}

// exitOf is the exit status of `boot` for how a machine ended.
func exitOf(s machine.Stop) uint8 {
	var code status
	errors.As(bootStatus(s), &code)
	return uint8(code)
}

// kernelHint is how gdb is started for a kernel. The machine's processors are of 64 bits,
// also where the kernel's file is of 32.
func kernelHint(path string) func(net.Listener) (string, error) {
	return func(l net.Listener) (string, error) {
		connect := fmt.Sprintf("-ex 'set architecture i386:x86-64' -ex 'target remote %v'", l.Addr())
		if !gdb.HasSymbols(path) {
			return "gdb " + connect, nil
		}
		abs, err := filepath.Abs(path)
		return fmt.Sprintf("gdb -ex 'file %s' %s", strings.ReplaceAll(abs, "'", `'\''`), connect), err
	}
}

// guestScript writes what gdb needs to know of the hypervisor into a directory, with
// commands by which gdb finds the guest's symbols as well.
func (e *env) guestScript(dir, kernel string, l net.Listener) (string, error) {
	elf, parts, err := e.vmmSymbols()
	if err != nil {
		return "", err
	}
	abs, err := filepath.Abs(kernel)
	if err != nil {
		return "", err
	}
	s := &gdb.Symbols{Images: []gdb.SymbolFile{{Name: "vmm", ELF: elf}}, Sources: recording.SourcesOf(parts), More: []string{abs}}
	script, err := s.Write(dir, l.Addr().String())
	return "gdb -x " + script, err
}
