package cpu

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

const processorDoc = "../../docs/processor.md"

// TestProcessorDocument compares the tables of the document with the processor.
func TestProcessorDocument(t *testing.T) {
	old, err := os.ReadFile(processorDoc)
	if err != nil {
		t.Fatal(err)
	}
	text := string(old)
	for name, table := range map[string]string{"features": featureTable(), "leaves": leafTable()} {
		begin, end := "<!-- "+name+" -->\n", "<!-- end of "+name+" -->\n"
		before, rest, ok := strings.Cut(text, begin)
		_, after, ok2 := strings.Cut(rest, end)
		if !ok || !ok2 {
			t.Fatalf("%s has no place for %s", processorDoc, name)
		}
		text = before + begin + table + end + after
	}
	switch {
	case text == string(old):
	case *update:
		if err := os.WriteFile(processorDoc, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("%s does not say what CPUID reports: go test ./hw/cpu -run ProcessorDocument -update", processorDoc)
	}
}

func featureTable() string {
	var b strings.Builder
	b.WriteString("\n| leaf | register | bit | feature | set if |\n|---|---|---|---|---|\n")
	for _, f := range features {
		leaf := fmt.Sprintf("%X", f.leaf)
		if f.sub != 0 {
			leaf += fmt.Sprintf(".%d", f.sub)
		}
		fmt.Fprintf(&b, "| %s | %s | %d | %s | %s |\n", leaf, [...]string{"EAX", "EBX", "ECX", "EDX"}[f.reg], f.bit, f.name, f.condition)
	}
	return b.String() + "\n"
}

// leafTable is what the second of four processors reports after reset.
func leafTable() string {
	c := &CPU{ID: 1, Count: 4}
	c.Reset()
	var b strings.Builder
	b.WriteString("\n| leaf | EAX | EBX | ECX | EDX |\n|---|---|---|---|---|\n")
	row := func(leaf, sub uint32, name string) {
		eax, ebx, ecx, edx := c.cpuid(leaf, sub)
		if eax|ebx|ecx|edx != 0 {
			fmt.Fprintf(&b, "| %s | %08X | %08X | %08X | %08X |\n", name, eax, ebx, ecx, edx)
		}
	}
	for _, base := range []uint32{0, 0x80000000} {
		last, _, _, _ := c.cpuid(base, 0)
		for leaf := base; leaf <= last; leaf++ {
			row(leaf, 0, fmt.Sprintf("%X", leaf))
			if leaf == 0xb || leaf == 0xd {
				row(leaf, 1, fmt.Sprintf("%X.1", leaf))
			}
		}
	}
	return b.String() + "\n"
}

// TestTopology checks what tells processors apart, for every number of them.
func TestTopology(t *testing.T) {
	for n := 1; n <= 16; n++ {
		for id := range n {
			c := &CPU{ID: id, Count: n}
			_, ebx, _, edx := c.cpuid(1, 0)
			if got := ebx >> 24; got != uint32(id) {
				t.Errorf("%d of %d: APIC ID %d", id, n, got)
			}
			if got := ebx >> 16 & 0xff; got != uint32(n) || (edx>>28&1 != 0) != (n > 1) {
				t.Errorf("%d processors, leaf 1 counts %d, HTT %d", n, got, edx>>28&1)
			}
			shift, count, level, x2 := c.cpuid(0xb, 1)
			if n > 1<<shift || n <= 1<<shift>>1 || count != uint32(n) || level != 0x201 || x2 != uint32(id) {
				t.Errorf("%d of %d: leaf B.1 %d %d %#x %d", id, n, shift, count, level, x2)
			}
			if _, _, ecx, _ := c.cpuid(0x80000008, 0); ecx != shift<<12|uint32(n-1) {
				t.Errorf("%d processors, leaf 8000_0008 ECX %#x", n, ecx)
			}
		}
	}
}

// TestFeaturesOnce finds bits that two rows of the table claim.
func TestFeaturesOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range features {
		key := fmt.Sprintf("%x.%x %d:%d", f.leaf, f.sub, f.reg, f.bit)
		if seen[key] {
			t.Errorf("%s: %s is there twice", f.name, key)
		}
		seen[key] = true
		if (f.when == nil) != (f.condition == "") {
			t.Errorf("%s: condition without words, or the reverse", f.name)
		}
	}
}

// TestCPUIDSubleaves: ECX selects something only in leaves that have parts.
func TestCPUIDSubleaves(t *testing.T) {
	c := &CPU{}
	c.Reset()
	for _, leaf := range []uint32{0, 1, 0x80000000, 0x80000001, 0x80000002, 0x80000006, 0x80000007, 0x80000008} {
		a0, b0, c0, d0 := c.cpuid(leaf, 0)
		if a, b, cx, d := c.cpuid(leaf, 0x41638000); a != a0 || b != b0 || cx != c0 || d != d0 {
			t.Errorf("leaf %#x depends on ECX", leaf)
		}
	}
	if _, b, _, _ := c.cpuid(7, 1); b != 0 {
		t.Errorf("leaf 7 has no part 1, and reports %#x", b)
	}
}
