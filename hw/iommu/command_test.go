package iommu

import (
	"testing"

	"resvirt/hw/bus/bustest"
)

// TestForgottenInvalidation: what is cached counts until it is invalidated, by each command
// that reaches it and by none that does not (2.4).
func TestForgottenInvalidation(t *testing.T) {
	const (
		pages = uint64(cmdPages) << 60
		entry = uint64(cmdDeviceEntry) << 60
		every = uint64(0x7fff_ffff_ffff_f000)
	)
	for _, c := range []struct {
		name    string
		command [2]uint64
		gone    bool // the translation
	}{
		{"nothing", [2]uint64{cmdCompletionWait << 60}, false},
		{"the page", [2]uint64{pages | domain<<32, 0x3000}, true},
		{"the page and its directories", [2]uint64{pages | domain<<32, 0x3000 | 2}, true},
		{"another page", [2]uint64{pages | domain<<32, 0x4000}, false},
		{"the page of another domain", [2]uint64{pages | (domain+1)<<32, 0x3000}, false},
		{"16 KiB around it", [2]uint64{pages | domain<<32, 0x1000 | 1}, true},
		{"16 KiB behind it", [2]uint64{pages | domain<<32, 0x5000 | 1}, false},
		{"8 KiB around it", [2]uint64{pages | domain<<32, 0x2000 | 1}, true},
		{"8 KiB before it", [2]uint64{pages | domain<<32, 1}, false},
		{"all of the domain", [2]uint64{pages | domain<<32, every | 1}, true},
		{"all of the domain, and more", [2]uint64{pages | domain<<32, ^uint64(0)&^0xfff | 1}, true},
		{"the table entry", [2]uint64{entry | device}, false},
		{"all", [2]uint64{all}, true},
	} {
		r := newRig(t).start()
		r.entry(paged(1), domain)
		r.put(rootAt+8*3, pte(0, data))
		r.u.Translate(device, 0x3000, false)
		r.put(rootAt+8*3, 0)
		r.command(c.command[0], c.command[1])
		if _, _, ok := r.u.Translate(device, 0x3000, false); ok == c.gone {
			t.Errorf("%s: the old translation is there: %v", c.name, ok)
		}
	}
}

// TestLargePageForgotten: to invalidate any part of a large page invalidates all of it.
func TestLargePageForgotten(t *testing.T) {
	r := newRig(t).start()
	r.entry(paged(2), domain)
	r.put(rootAt, pte(0, 0))
	r.u.Translate(device, data, false)
	r.put(rootAt, 0)
	r.command(cmdPages<<60|domain<<32, 0x1000)
	if _, _, ok := r.u.Translate(device, data, false); ok {
		t.Error("part of the page is left")
	}
}

// TestEntryForgotten: a device table entry is cached, one that is not valid as well.
func TestEntryForgotten(t *testing.T) {
	r := newRig(t).start()
	r.u.Translate(device, 0x3000, false)
	r.entry(dteValid|dteTranslation, domain)
	if _, _, ok := r.u.Translate(device, 0x3000, false); !ok {
		t.Error("the entry was read again unasked")
	}
	r.command(cmdDeviceEntry<<60|device|1, 0) // another function
	if _, _, ok := r.u.Translate(device, 0x3000, false); !ok {
		t.Error("the entry of another function was invalidated")
	}
	r.command(cmdDeviceEntry<<60|device, 0)
	if _, _, ok := r.u.Translate(device, 0x3000, false); ok {
		t.Error("the old entry counts")
	}
}

// TestNotPresentIsNotCached: a new page needs no invalidation, as the capability's NpCache says.
func TestNotPresentIsNotCached(t *testing.T) {
	r := newRig(t).start()
	r.entry(paged(1), domain)
	r.u.Translate(device, 0x3000, false)
	r.put(rootAt+8*3, pte(0, data))
	if _, _, ok := r.u.Translate(device, 0x3000, false); !ok {
		t.Error("the page is not seen")
	}
}

// TestSmallCache: more pages than there are ways make room for each other.
func TestSmallCache(t *testing.T) {
	r := newRig(t).start()
	r.entry(paged(2), domain)
	r.put(rootAt, pte(1, rootAt+0x1000))
	for i := range uint64(512) {
		r.put(rootAt+0x1000+8*i, pte(0, data))
		r.u.Translate(device, i<<12, false)
	}
	for i := range uint64(512) {
		r.put(rootAt+0x1000+8*i, 0)
	}
	left := 0
	for i := range uint64(512) {
		if _, _, ok := r.u.Translate(device, i<<12, false); ok {
			left++
		}
	}
	if left != tlbSets*tlbWays {
		t.Errorf("%d translations are left of a cache of %d", left, tlbSets*tlbWays)
	}
}

// TestCompletionWait: nothing is done before the buffer is read; then the store, the status
// bit, and the interrupt if it is enabled.
func TestCompletionWait(t *testing.T) {
	r := newRig(t).start()
	r.put(commandAt, cmdCompletionWait<<60|doneAt|waitStore|waitInterrupt, 0x1122334455667788)
	r.u.Write(regCommandTail, 8, entryBytes)
	if r.word(doneAt) != 0 || r.u.Read(regCommandHead, 8) != 0 {
		t.Error("done at once")
	}
	r.m.Drain()
	if r.word(doneAt) != 0x1122334455667788 || r.u.Read(regCommandHead, 4) != entryBytes || r.u.Read(regStatus, 4) != 0x1c {
		t.Errorf("stored %x, head %x, status %x", r.word(doneAt), r.u.Read(regCommandHead, 4), r.u.Read(regStatus, 4))
	}
	if len(r.m.Messages) != 0 {
		t.Error("an interrupt that is not enabled")
	}
	r.enableMessages()
	r.u.Write(regStatus, 4, 4)
	r.u.Write(regControl, 4, controlEnable|controlCommands|controlWaitInterrupt)
	r.command(cmdCompletionWait<<60|waitInterrupt, 0)
	r.command(cmdCompletionWait<<60|waitInterrupt, 0) // the bit is still set
	if want := (bustest.Message{Addr: 0xfee01000, Data: 0x77}); len(r.m.Messages) != 1 || r.m.Messages[0] != want {
		t.Errorf("messages %v", r.m.Messages)
	}
	r.u.Write(regStatus, 4, 4)
	if r.command(cmdCompletionWait<<60|waitInterrupt, 0); len(r.m.Messages) != 2 {
		t.Errorf("messages %v after the bit was cleared", r.m.Messages)
	}
}

// enableMessages sets MSI up as a driver does.
func (r *rig) enableMessages() {
	c := r.u.Config()
	c.Write(msi+4, []byte{0, 0x10, 0xe0, 0xfe})
	c.Write(msi+12, []byte{0x77, 0})
	c.Write(msi+2, []byte{1, 0})
}

// TestIllegalCommands: an unknown command, or one with reserved bits, is logged with its
// address and stops the buffer until software starts it again (2.5.6).
func TestIllegalCommands(t *testing.T) {
	for name, c := range map[string][2]uint64{
		"nothing":                      {0, 0},
		"of no meaning":                {15 << 60, 0},
		"for caches in devices":        {4 << 60, 0},
		"prefetch":                     {6 << 60, 0},
		"for page requests":            {7 << 60, 0},
		"wait with bit 52":             {cmdCompletionWait<<60 | 1<<52, 0},
		"device with bit 16":           {cmdDeviceEntry<<60 | 1<<16, 0},
		"device with operand 2":        {cmdDeviceEntry << 60, 1},
		"pages with bit 20":            {cmdPages<<60 | 1<<20, 0},
		"pages with bit 48":            {cmdPages<<60 | 1<<48, 0},
		"pages of a guest":             {cmdPages << 60, 4},
		"interrupt table with bit 16":  {cmdInterruptTable<<60 | 1<<16, 0},
		"all, with an operand":         {cmdAll<<60 | 1, 0},
		"all, with another operand":    {cmdAll << 60, 1},
		"interrupt table, operand two": {cmdInterruptTable << 60, 1},
	} {
		r := newRig(t).start()
		r.command(cmdInterruptTable<<60|device, 0, c[0], c[1], cmdCompletionWait<<60|doneAt|waitStore, 1)
		if r.word(doneAt) != 0 || r.u.Read(regStatus, 4)&statusCommandRun != 0 || r.u.Read(regCommandHead, 4) != entryBytes {
			t.Errorf("%s: the buffer runs on", name)
		}
		r.expect(name, 5, 0, 0, 0, commandAt+entryBytes)
		r.put(commandAt+entryBytes, cmdCompletionWait<<60, 0)
		r.u.Write(regControl, 8, controlEnable|controlEventLog)
		r.u.Write(regControl, 8, controlEnable|controlEventLog|controlCommands)
		if r.m.Drain(); r.word(doneAt) != 1 {
			t.Errorf("%s: the buffer does not start again", name)
		}
	}
}

// TestCommandHardwareError: a command buffer where there is no memory (2.5.7).
func TestCommandHardwareError(t *testing.T) {
	r := newRig(t).start()
	r.u.Write(regCommandBase, 8, ramSize|8<<56)
	r.u.Write(regCommandTail, 8, entryBytes)
	if r.m.Drain(); r.u.Read(regStatus, 4)&statusCommandRun != 0 {
		t.Error("the buffer runs on")
	}
	r.expect("no memory", 6, 1<<9, 0, 0, ramSize)
}

// TestBufferAround: the buffer is a ring, and of a reserved length none.
func TestBufferAround(t *testing.T) {
	r := newRig(t).start()
	for i := range uint64(600) {
		r.command(cmdCompletionWait<<60|doneAt|waitStore, i)
		if r.word(doneAt) != i {
			t.Fatalf("command %d is not done", i)
		}
	}
	r.u.Write(regCommandBase, 8, commandAt|7<<56)
	r.u.Write(regCommandTail, 8, entryBytes)
	if r.m.Drain(); r.u.Read(regCommandHead, 8) != 0 {
		t.Error("a buffer of reserved length is read")
	}
}
