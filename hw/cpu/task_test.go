package cpu

import "testing"

// task2 fills the second TSS: its task begins at tTask2 with EFLAGS flags.
func (r *rig) task2(flags uint32) {
	for off, v := range map[uint64]uint32{
		tss32CR3: tPML4, tss32EIP: tTask2, tss32EIP + 4: flags,
		tss32GPR: 0xaaaa, tss32GPR + 4*RSP: 0x50000,
		tss32Seg + 4*ES: lData, tss32Seg + 4*CS: lCode, tss32Seg + 4*SS: lData, tss32Seg + 4*DS: lUData,
		tss32Seg + 4*FS: 0, tss32Seg + 4*GS: 0xc, tss32LDT: lLDT,
	} {
		r.Mem.Write32(tTSS2+off, v)
	}
}

func (r *rig) busy(sel uint64) uint64 { return uint64(r.Mem.Read8(tGDT+sel+5)) & typeBusy }

func TestTaskSwitches(t *testing.T) {
	r := newLegacyRig(t)
	r.task2(uint32(FlagOne | FlagIF))
	r.GPR[RAX], r.RFLAGS = 0x1234, FlagOne|FlagCF
	r.DR[7] |= 0x303
	r.run(far(farCall, lTaskGate, 0)...)
	r.want("EIP", r.RIP, tTask2)
	r.want("EAX", r.GPR[RAX], 0xaaaa)
	r.want("ESP", r.GPR[RSP], 0x50000)
	r.want("EFLAGS", r.RFLAGS, FlagOne|FlagIF|FlagNT)
	r.want("TR", uint64(r.TR.Sel), lTSS2)
	r.want("CR0.TS", r.CR0&CR0TS, CR0TS)
	r.want("DR7", r.DR[7]&0xff, 2)
	r.want("link", uint64(r.Mem.Read16(tTSS2)), lTSS)
	r.want("saved EIP", uint64(r.Mem.Read32(tTSS+tss32EIP)), tCode+7)
	r.want("saved EFLAGS", uint64(r.Mem.Read32(tTSS+tss32EIP+4)), FlagOne|FlagCF)
	r.want("saved EAX", uint64(r.Mem.Read32(tTSS+tss32GPR)), 0x1234)
	r.want("saved CS", uint64(r.Mem.Read16(tTSS+tss32Seg+4*CS)), lCode)
	r.want("old task stays busy", r.busy(lTSS), typeBusy)
	r.want("new task is busy", r.busy(lTSS2), typeBusy)
	r.want("LDT", r.LDTR.Base, tLDT)
	r.want("GS from the LDT", r.Seg[GS].Base, 0x1000)
	r.want("retired", r.Retired, 1)

	r.GPR[RAX] = 0x77
	r.run(0xcf) // IRET of a nested task
	r.want("EIP after IRET", r.RIP, tCode+7)
	r.want("EAX after IRET", r.GPR[RAX], 0x1234)
	r.want("EFLAGS after IRET", r.RFLAGS, FlagOne|FlagCF)
	r.want("TR after IRET", uint64(r.TR.Sel), lTSS)
	r.want("left task is free", r.busy(lTSS2), 0)
	r.want("saved EAX of the left task", uint64(r.Mem.Read32(tTSS2+tss32GPR)), 0x77)
	r.want("NT is not saved", uint64(r.Mem.Read32(tTSS2+tss32EIP+4))&FlagNT, 0)

	r.run(far(farJump, lTSS2, 0)...)
	r.want("EIP after JMP", r.RIP, tTask2+1)
	r.want("task left by JMP is free", r.busy(lTSS), 0)
	r.want("not nested", r.RFLAGS&FlagNT, 0)
}

// TestTaskGateOfException checks a fault that switches tasks.
func TestTaskGateOfException(t *testing.T) {
	r := newLegacyRig(t)
	r.task2(uint32(FlagOne))
	r.Mem.Write64(tIDT+8*uint64(VecGP), lTSS2<<16|(0x80|typeTaskGate)<<40)
	r.run(far(farJump, lLDT, 0)...)
	r.want("EIP", r.RIP, tTask2)
	r.want("error code", uint64(r.Mem.Read32(r.GPR[RSP])), lLDT)
	r.want("ESP", r.GPR[RSP], 0x50000-4)
	r.want("saved EIP", uint64(r.Mem.Read32(tTSS+tss32EIP)), tCode)
	r.want("saved RF", uint64(r.Mem.Read32(tTSS+tss32EIP+4)), FlagOne|FlagRF)
}

func TestTask16(t *testing.T) {
	r := newLegacyRig(t)
	for off, v := range map[uint64]uint16{
		tss16IP: 0x9000, tss16IP + 2: uint16(FlagOne | FlagZF), tss16GPR: 0xabcd, tss16GPR + 2*RSP: 0x8000,
		tss16Seg + 2*ES: lData, tss16Seg + 2*CS: lCode16, tss16Seg + 2*SS: lStack16, tss16Seg + 2*DS: lData, tss16LDT: 0,
	} {
		r.Mem.Write16(tTSS16+off, v)
	}
	r.run(far(farJump, lTSS16, 0)...)
	r.want("IP", r.RIP, 0x9000)
	r.want("AX", r.GPR[RAX]&0xffff, 0xabcd)
	r.want("flags", r.RFLAGS, FlagOne|FlagZF)
	r.want("decodes as", uint64(r.mode()), uint64(Mode16))
}

// TestTaskFaults checks what fails before a switch and what after it (SDM vol. 3, table 7-1).
func TestTaskFaults(t *testing.T) {
	for _, tt := range []struct {
		name   string
		do     func(r *rig)
		vector uint8
		err    uint64
		after  bool
	}{
		{"TSS absent", func(r *rig) { r.Mem.Write8(tGDT+lTSS2+5, typeTSS) }, VecNP, lTSS2, false},
		{"TSS too short", func(r *rig) { r.Mem.Write8(tGDT+lTSS2, 0x66) }, VecTS, lTSS2, false},
		{"bad LDT", func(r *rig) { r.Mem.Write16(tTSS2+tss32LDT, lData) }, VecTS, lData, true},
		{"null CS", func(r *rig) { r.Mem.Write16(tTSS2+tss32Seg+4*CS, 0) }, VecTS, 0, true},
		{"data as CS", func(r *rig) { r.Mem.Write16(tTSS2+tss32Seg+4*CS, lData) }, VecTS, lData, true},
		{"SS of another level", func(r *rig) { r.Mem.Write16(tTSS2+tss32Seg+4*SS, lUData) }, VecTS, lUData &^ 3, true},
		{"SS absent", func(r *rig) { r.Mem.Write16(tTSS2+tss32Seg+4*SS, lAbsent) }, VecSS, lAbsent, true},
		{"DS absent", func(r *rig) { r.Mem.Write16(tTSS2+tss32Seg+4*DS, lAbsent) }, VecNP, lAbsent, true},
		{"DS a TSS", func(r *rig) { r.Mem.Write16(tTSS2+tss32Seg+4*DS, lTSS) }, VecTS, lTSS, true},
	} {
		r := newLegacyRig(t)
		r.task2(uint32(FlagOne))
		tt.do(r)
		r.code(far(farJump, lTSS2, 0)...)
		var i Inst
		r.fetch(&i)
		r.execute(&i)
		if !r.exc.pending || r.exc.vector != tt.vector || uint64(r.exc.err) != tt.err {
			t.Errorf("%s: %+v", tt.name, r.exc)
		}
		if after := r.RIP == tTask2; after != tt.after || after != (r.TR.Sel == lTSS2) {
			t.Errorf("%s: faults at %#x with TR %#x", tt.name, r.RIP, r.TR.Sel)
		}
	}
}
