package gdb

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"resvirt/experiments"
	"resvirt/experiments/campaign"
	"resvirt/experiments/recording"
	"resvirt/experiments/testbed"
	"resvirt/faults"
)

// recovered is the first run of a shipped experiment that recovers from a detected fault,
// which has not changed where the processor is.
func recovered(t *testing.T) *recording.Recording {
	e, _, err := experiments.Load("quick")
	if err != nil {
		t.Fatal(err)
	}
	sys, err := testbed.Build(e, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	l, err := campaign.NewLab(e, sys)
	if err != nil {
		t.Fatal(err)
	}
	c, err := recording.CampaignOf(l, sys.Parts())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 400 {
		r, err := c.Execute(t.Context(), i, e.Settings[len(e.Settings)-1])
		if err != nil {
			t.Fatal(err)
		}
		s := r.Row.Strike
		if _, detected := r.Event(recording.Detection, 1); detected && r.Row.Outcome == faults.Recovered && r.Run.Machine().Register(s.CPU, faults.RIP) == s.Place.PC {
			return r
		}
	}
	t.Fatal("no run recovers")
	return nil
}

// TestRecording lets a client of the test's own and, where it is installed, gdb look at a
// recorded run.
func TestRecording(t *testing.T) {
	if testing.Short() {
		t.Skip("boots the whole system")
	}
	r := recovered(t)
	target, err := NewRecorded(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("client", func(t *testing.T) { byClient(t, r, target) })
	t.Run("gdb", func(t *testing.T) { byGDB(t, r, target) })
}

// stats is a variable of the hypervisor that is counted up all the time.
func stats(t *testing.T, r *recording.Recording) uint64 {
	vmm, _ := r.Guests.Image("vmm")
	at, ok := vmm.Addr("main.stats")
	if !ok {
		t.Fatal("there is no variable main.stats")
	}
	return at
}

func byClient(t *testing.T, r *recording.Recording, target *Recorded) {
	c := dial(t, target)
	c.want("QStartNoAckMode", "OK")
	c.noAck = true
	if text := c.ask("qSupported:swbreak+;hwbreak+"); !strings.Contains(text, "ReverseStep+;ReverseContinue+") {
		t.Errorf("supports %q", text)
	}
	position := func() string { return firstWords(c.monitor("position"), 2) }
	strike := r.Row.Strike
	c.want("?", fmt.Sprintf("T05thread:%x;", strike.CPU+1))
	if pc := c.register("rip"); pc != strike.Place.PC {
		t.Errorf("at the fault rip is %#x, want %#x", pc, strike.Place.PC)
	}
	if b, _ := hex.DecodeString(c.ask("qThreadExtraInfo,1")); !strings.HasPrefix(string(b), "CPU 0, in ") {
		t.Errorf("thread 1 is %q", b)
	}

	// A step there and back.
	before, was := c.register("rip"), position()
	c.want("vCont;s:"+fmt.Sprintf("%x", strike.CPU+1), fmt.Sprintf("T05thread:%x;", strike.CPU+1))
	if position() == was {
		t.Error("a step leads nowhere")
	}
	c.want("bs", fmt.Sprintf("T05thread:%x;", strike.CPU+1))
	if pc := c.register("rip"); pc != before || position() != was {
		t.Errorf("back at %#x, %s, want %#x, %s", pc, position(), before, was)
	}

	// A breakpoint, from both sides.
	c.monitor("goto F-700")
	pc, there := c.register("rip"), position()
	c.want(fmt.Sprintf("Z1,%x,1", pc), "OK")
	c.monitor("goto F-701")
	if stop := c.ask("c"); !strings.HasSuffix(stop, "hwbreak:;") || c.register("rip") != pc || position() != there {
		t.Errorf("stopped by %s at %#x, %s, want %#x, %s", stop, c.register("rip"), position(), pc, there)
	}
	c.monitor("goto F-699")
	if stop := c.ask("bc"); !strings.HasSuffix(stop, "hwbreak:;") || c.register("rip") != pc || position() != there {
		t.Errorf("stopped backwards by %s at %#x, %s, want %#x, %s", stop, c.register("rip"), position(), pc, there)
	}
	c.want(fmt.Sprintf("z1,%x,1", pc), "OK")

	byWatchpoint(t, c, stats(t, r), position)

	// The borders.
	c.monitor("start")
	if stop := c.ask("bc"); !strings.HasSuffix(stop, "replaylog:begin;") {
		t.Errorf("before the start: %s", stop)
	}
	c.monitor("end")
	for _, move := range []string{"c", "s"} {
		if stop := c.ask(move); !strings.HasSuffix(stop, "replaylog:end;") {
			t.Errorf("behind the end: %s", stop)
		}
	}

	byCommands(t, c, r, position)
}

// byWatchpoint goes over three stores and back, and compares values and positions.
func byWatchpoint(t *testing.T, c *client, at uint64, position func() string) {
	t.Helper()
	const size = 64
	value := func() (v uint64) {
		b, _ := hex.DecodeString(c.ask(fmt.Sprintf("m%x,%x", at, size)))
		for ; len(b) >= 8; b = b[8:] {
			v += binary.LittleEndian.Uint64(b)
		}
		return v
	}
	c.monitor("goto F-200000")
	c.want(fmt.Sprintf("Z2,%x,%x", at, size), "OK")
	values, positions := []uint64{value()}, []string{}
	for range 3 {
		if stop := c.ask("c"); !strings.Contains(stop, fmt.Sprintf("watch:%x;", at)) {
			t.Errorf("stopped by %s", stop)
		}
		c.want("bs", c.ask("?")[:len("T05thread:1;")]) // before the store
		positions = append(positions, position())
		if v := value(); v != values[len(values)-1] {
			t.Errorf("before a store is %d, behind the last one was %d", v, values[len(values)-1])
		}
		c.ask("s")
		if values = append(values, value()); values[len(values)-1] == values[len(values)-2] {
			t.Errorf("a store changes nothing at %s", position())
		}
	}
	for i := 2; i >= 0; i-- {
		if stop := c.ask("bc"); !strings.Contains(stop, fmt.Sprintf("watch:%x;", at)) {
			t.Errorf("stopped backwards by %s", stop)
		}
		if value() != values[i] || position() != positions[i] {
			t.Errorf("store %d backwards: %d at %s, forwards %d at %s", i, value(), position(), values[i], positions[i])
		}
	}
	c.want(fmt.Sprintf("z2,%x,%x", at, size), "OK")
}

// byCommands tries the commands of monitor.
func byCommands(t *testing.T, c *client, r *recording.Recording, position func() string) {
	t.Helper()
	detection, _ := r.Event(recording.Detection, 1)
	for command, want := range map[string]recording.Position{"fault": r.Row.Strike.Position, "detection": detection.Position, "end": r.Run.End(), "start": r.Run.Start(), "goto D+5": detection.Position + 5} {
		c.monitor(command)
		if got := position(); got != fmt.Sprintf("position %d", want) {
			t.Errorf("monitor %s leads to %s, want %d", command, got, want)
		}
	}
	steps := c.monitor("steps")
	for _, e := range r.Events {
		if !strings.Contains(steps, fmt.Sprintf(" %d ", e.Position)) || !strings.Contains(steps, e.Name) {
			t.Errorf("monitor steps lacks %v %s", e.Kind, e.Name)
		}
	}
	c.monitor("fault")
	was := c.ask("g")
	if text := c.monitor("golden"); !strings.Contains(text, "golden run") || !strings.HasPrefix(text, firstWords(c.monitor("position"), 2)) {
		t.Errorf("monitor golden: %q", text)
	}
	if c.ask("g") == was {
		t.Error("at the fault the golden run has the same registers")
	}
	if c.monitor("run"); c.ask("g") != was {
		t.Error("back in the run registers are others")
	}
	if text := c.monitor("broken"); !strings.Contains(text, "broken") {
		t.Errorf("monitor broken: %q", text)
	}
	for _, wrong := range []string{"goto", "goto nonesuch", "goto 1", "fault 9", "fault x", "step 99", "godlen"} {
		if text := c.monitor(wrong); text == "" || c.ask("g") != was {
			t.Errorf("monitor %s: %q, or it has moved", wrong, text)
		}
	}
	for _, p := range []string{"P0=0000000000000000", "G" + was, fmt.Sprintf("M%x,1:00", stats(t, r))} {
		c.want(p, "E.a recording cannot be changed: it has happened")
	}
}

// firstWords are the first n words of a text, without punctuation behind them.
func firstWords(text string, n int) string {
	return strings.TrimRight(strings.Join(strings.Fields(text)[:n], " "), ",")
}

// script is what gdb is told. Each answer stands behind a line that names it.
const script = `set pagination off
set width 0
set confirm off
echo \n@fault\n
bt 1
p/x $pc
info threads
echo \n@step\n
monitor position
stepi
monitor position
reverse-stepi
monitor position
echo \n@break\n
monitor goto F-3000
break *PC
continue
bt 1
monitor position
delete
monitor goto F-200000
echo \n@watch\n
set language c
watch *(unsigned long long *)STATS
continue
continue
continue
echo \n@back\n
reverse-continue
reverse-continue
reverse-continue
delete
set language auto
echo \n@inspect\n
monitor detection
p 'main.domains'.head.id
p $cr0
info line main.hypercall
list main.hypercall
echo \n@golden\n
monitor golden
monitor run
echo \n@refused\n
monitor space virtual
p $rax = 1
`

func byGDB(t *testing.T, r *recording.Recording, target *Recorded) {
	gdb, err := exec.LookPath("gdb")
	if err != nil {
		t.Skip("gdb is not installed")
	}
	if out, err := exec.Command(gdb, "-nx", "-batch", "-ex", "python print(1)", "-ex", "show configuration").CombinedOutput(); err != nil || !strings.Contains(string(out), "x86_64") {
		t.Skipf("this gdb knows no x86-64: %v", err)
	}
	if _, err := target.goTo(t.Context(), "F"); err != nil {
		t.Fatal(err)
	}
	l, err := Listen("0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	served := make(chan error, 1)
	go func() {
		served <- (&Server{Target: target, Listener: l, Say: func(string) {}}).Serve(ctx)
	}()
	text := runGDB(t, gdb, r, l)
	expect := func(name string, patterns ...string) []string {
		t.Helper()
		_, part, _ := strings.Cut(text, "\n@"+name+"\n")
		part, _, _ = strings.Cut(part, "\n@")
		for _, p := range patterns {
			if !regexp.MustCompile(p).MatchString(part) {
				t.Errorf("%s: no match of %q in\n%s", name, p, part)
			}
		}
		return regexp.MustCompile(`(?m)^(?:position|Old value =|New value =) \d+`).FindAllString(part, -1)
	}
	strike := r.Row.Strike
	expect("fault", `#0 .*main\.`, fmt.Sprintf(`= %#x`, strike.Place.PC), `Thread 1 \(CPU 0, in `, `Thread 2 \(CPU 1, in `)
	if p := expect("step"); len(p) != 3 || p[0] != p[2] || p[0] == p[1] {
		t.Errorf("a step and its reverse lead to %q", p)
	}
	expect("break", `hit Breakpoint 1`, `#0 .*main\.`)
	forth, back := expect("watch", `Hardware watchpoint 2`), expect("back", `Hardware watchpoint 2`)
	if len(forth) != 6 || len(back) != 6 {
		t.Fatalf("%d values forwards, %d backwards:\n%s", len(forth), len(back), text)
	}
	number := func(s string) string { return s[strings.LastIndexByte(s, ' ')+1:] }
	for i := range 6 { // what was written last is undone first
		if number(forth[i]) != number(back[5-i]) {
			t.Errorf("forwards %q, backwards %q", forth, back)
			break
		}
	}
	expect("inspect", `= 0`, `\[.* PE .*\]|\[ PE`, `hypercall\.go`, `func hypercall\(`)
	expect("golden", `golden run`)
	expect("refused", `addresses are virtual now`, `a recording cannot be changed`)
	cancel()
	if err := <-served; err != context.Canceled {
		t.Errorf("the server ends with %v", err)
	}
}

// runGDB lets gdb execute the script and returns what it prints.
func runGDB(t *testing.T, gdb string, r *recording.Recording, l net.Listener) string {
	s, err := SymbolsOf(r)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	connect, err := s.Write(filepath.Join(dir, "a directory"), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	commands := filepath.Join(dir, "script")
	text := strings.NewReplacer("PC", fmt.Sprintf("%#x", r.Row.Strike.Place.PC), "STATS", fmt.Sprintf("%#x", stats(t, r))).Replace(script)
	if err := os.WriteFile(commands, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), gdb, "-nx", "-batch", "-x", connect, "-x", commands)
	cmd.Env = append(os.Environ(), "HOME="+dir, "LC_ALL=C", "DEBUGINFOD_URLS=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Logf("gdb ends with %v", err) // the last command of the script is refused
	}
	if strings.Contains(string(out), "more recent") {
		t.Error("gdb takes sources for newer than images")
	}
	return string(out)
}
