package machine

import (
	"testing"

	"resvirt/hw/cpu"
)

// BenchmarkPlain runs a 64-bit loop of a load, a store, arithmetic and a branch.
func BenchmarkPlain(b *testing.B) {
	m := boot(b, smpKernel)
	m.Run(Until{Position: 9000}) // in long mode, the second processor still waits
	m.WritePhys(0x200000, []byte{
		0xbe, 0x00, 0x18, 0x20, 0x00, // mov esi, 0x201800
		0x8b, 0x06, // mov eax, [rsi]
		0x01, 0xc8, // add eax, ecx
		0xc1, 0xc0, 5, // rol eax, 5
		0x89, 0x46, 4, // mov [rsi+4], eax
		0xff, 0xc1, // inc ecx
		0x39, 0xd1, // cmp ecx, edx
		0x75, 0xf0}) // jne
	c := m.CPU(0)
	c.RIP, c.GPR[cpu.RDX] = 0x200000, 0
	b.ResetTimer()
	m.Run(Until{Position: m.Position() + uint64(b.N)})
}

// BenchmarkRestore forks, dirties some pages and restores.
func BenchmarkRestore(b *testing.B) {
	m := boot(b, smpKernel)
	m.Run(Until{Position: 9000})
	s := m.Snapshot()
	for b.Loop() {
		for p := range uint64(64) {
			m.Memory().Write8(0x200000+p<<12, 1)
		}
		m.Restore(s)
	}
}
