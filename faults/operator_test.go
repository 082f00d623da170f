package faults

import (
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"golang.org/x/arch/x86/x86asm"

	"resvirt/sim"
)

// outcomes are all results of an operator on an instruction.
func outcomes(t *testing.T, code string, locking bool, o Operator) (list []string) {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(code, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	s, ok := shapeOf(b)
	if !ok || len(s.code) != len(b) {
		t.Fatalf("%s: not parsed", code)
	}
	for seed := range uint64(300) {
		r := sim.Stream(seed, "test")
		if c := s.apply(o, locking, &r); c != nil {
			if text := hex.EncodeToString(c); !slices.Contains(list, text) {
				list = append(list, text)
			}
		}
	}
	slices.Sort(list)
	return list
}

// The result of each operator on an instruction, or the number of its results.
// Encodings are of the AMD APM vol. 3.
func TestOperators(t *testing.T) {
	for _, c := range []struct {
		name, code string
		o          Operator
		want       string // hexadecimal, "" = does not apply
		n          int    // or this many different ones
	}{
		{"mov rax, rbx", "48 89 d8", Destination, "", 7},
		{"mov rax, rbx", "48 89 d8", Source, "", 7},
		{"mov rax, [rbx+8]", "48 8b 43 08", Destination, "", 7},
		{"mov rax, [rbx+8]", "48 8b 43 08", Source, "", 0},
		{"mov rax, [rbx+8]", "48 8b 43 08", Pointer, "", 6 + 8},
		{"mov [rbx+8], rax", "48 89 43 08", Source, "", 7},
		{"mov [rbx+8], rax", "48 89 43 08", Destination, "", 0},
		{"mov rax, [rsp+8]", "48 8b 44 24 08", Pointer, "", 7 + 8},
		{"mov rax, [rip+1]", "48 8b 05 01 00 00 00", Pointer, "", 8},
		{"mov eax, [rbx]", "8b 03", Pointer, "", 5},
		{"mov eax, [rcx*8+0x100]", "8b 04 cd 00 01 00 00", Pointer, "", 8},
		{"lea rax, [rbx+8]", "48 8d 43 08", Pointer, "", 6 + 8},
		{"cmp rax, rbx", "48 39 d8", Destination, "", 0},
		{"cmp rax, rbx", "48 39 d8", Source, "", 7},
		{"mov eax, 5", "b8 05 00 00 00", Destination, "", 7},
		{"push rax", "50", Source, "", 7},
		{"pop rax", "58", Destination, "", 7},
		{"add rax, 5", "48 83 c0 05", Destination, "", 7},
		{"add rax, 5", "48 83 c0 05", OffByOne, "", 0},
		{"cmp rax, 5", "48 83 f8 05", Destination, "", 0},
		{"cmp rax, 5", "48 83 f8 05", Source, "", 7},
		{"cmp rax, 5", "48 83 f8 05", OffByOne, "4883f804 4883f806", 0},
		{"cmp eax, 0xff", "3d ff 00 00 00", OffByOne, "3d00010000 3dfe000000", 0},
		{"cmp eax, 0", "3d 00 00 00 00", OffByOne, "3d01000000 3dffffffff", 0},
		{"jl", "7c 05", OffByOne, "7e05", 0},
		{"jge", "0f 8d 05 00 00 00", OffByOne, "0f8f05000000", 0},
		{"jb", "72 05", OffByOne, "7605", 0},
		{"ja", "77 05", OffByOne, "7305", 0},
		{"je", "74 05", OffByOne, "", 0},
		{"je", "74 05", BranchInverted, "7505", 0},
		{"je", "0f 84 05 00 00 00", BranchInverted, "0f8505000000", 0},
		{"je", "74 05", BranchRemoved, "9090", 0},
		{"jmp", "eb 05", BranchRemoved, "9090", 0},
		{"jmp", "eb 05", BranchInverted, "", 0},
		{"call", "e8 05 00 00 00", BranchRemoved, "", 0},
		{"xor eax, eax", "31 c0", Initialization, "9090", 0},
		{"xor eax, ecx", "31 c8", Initialization, "", 0},
		{"xor rax, r8", "4c 31 c0", Initialization, "", 0},
		{"mov dword [rbx], 0", "c7 03 00 00 00 00", Initialization, "909090909090", 0},
		{"mov rax, 0", "48 c7 c0 00 00 00 00", Initialization, "", 0},
		{"movups [rbx], xmm15", "44 0f 11 3b", Initialization, "90909090", 0},
		{"movups [rbx], xmm7", "0f 11 3b", Initialization, "", 0},
		{"lock cmpxchg [rbx], ecx", "f0 0f b1 0b", Locking, "39c09090", 0},
		{"xchg [rbx], ecx", "87 0b", Locking, "9090", 0},
		{"mov [rbx], ecx", "89 0b", Locking, "9090", 0},
		{"mov ecx, [rbx]", "8b 0b", Locking, "", 0},
	} {
		got := outcomes(t, c.code, true, c.o)
		if text := strings.Join(got, " "); c.want != "" && text != c.want || c.want == "" && len(got) != c.n {
			t.Errorf("%s, %s: %v", c.name, c.o, got)
		}
		if c.o == Locking && len(outcomes(t, c.code, false, c.o)) != 0 {
			t.Errorf("%s is no lock where no lock is", c.name)
		}
	}
}

// A mistake changes an instruction and not its length, whatever the bytes are,
// and is a function of its arguments.
func TestMutationsKeepTheLength(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	var seen [Operators]int
	for n := range 200_000 {
		b := make([]byte, 15)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		if n%2 == 0 { // mostly instructions as compilers make them
			b[0] = 0x40 | b[0]&0xf
		}
		o, c, ok := mutate(b, n%3 == 0, uint64(n))
		if !ok {
			continue
		}
		seen[o]++
		was, _ := x86asm.Decode(b, 64)
		o2, again, _ := mutate(b, n%3 == 0, uint64(n))
		if len(c) != was.Len || slices.Equal(c, b[:was.Len]) || o2 != o || !slices.Equal(c, again) {
			t.Fatalf("% x: %s made % x, then %s % x", b, o, c, o2, again)
		}
		at := 0 // what it became fills its place to the end, one instruction or several
		whole := append(slices.Clone(c), b[was.Len:]...)
		for at < was.Len {
			i, err := x86asm.Decode(whole[at:], 64)
			if err != nil {
				break // undefined: that is a valid mistake, too
			}
			at += i.Len
		}
		if at > was.Len {
			t.Fatalf("% x: %s made % x, which runs on", b[:was.Len], o, c)
		}
	}
	for o, n := range seen {
		if n < 20 {
			t.Errorf("%s applied %d times", Operator(o), n)
		}
	}
}
