package iommu

import (
	"encoding/binary"
	"math/bits"
)

// Commands (2.4).
const (
	cmdCompletionWait = 1
	cmdDeviceEntry    = 2
	cmdPages          = 3
	cmdInterruptTable = 5
	cmdAll            = 8
	waitStore         = 1 << 0
	waitInterrupt     = 1 << 1
	waitAddress       = uint64(1)<<52 - 1<<3
	pagesSize         = 1 << 0
	pagesDirectories  = 1 << 1
)

// wake has the command buffer read soon, if it runs and there is something in it. Until
// then nothing of it has happened: software has to wait for COMPLETION_WAIT.
func (u *IOMMU) wake() {
	s := &u.state
	if s.Status&statusCommandRun != 0 && s.CommandHead != s.CommandTail && !s.Fetching {
		s.Fetching = true
		u.host.At(u.host.Now()+u.time.DMALatency, evCommands, 0)
	}
}

// commands carries out what is in the buffer.
func (u *IOMMU) commands() {
	s := &u.state
	s.Fetching = false
	size := bufferBytes(s.CommandBase)
	for size != 0 && s.Status&statusCommandRun != 0 && s.CommandHead%size != s.CommandTail%size {
		at := s.CommandBase&addressBits + s.CommandHead%size
		if !u.ram(at, entryBytes) {
			u.stop(eventCommandError, hardwareMasterAbort, at)
			return
		}
		var b [entryBytes]byte
		u.host.ReadRAM(at, b[:])
		if !u.command(binary.LittleEndian.Uint64(b[:]), binary.LittleEndian.Uint64(b[8:])) {
			u.stop(eventIllegalCommand, 0, at)
			return
		}
		s.CommandHead = (s.CommandHead + entryBytes) % size
	}
}

// stop ends the reading of commands at one that is wrong.
func (u *IOMMU) stop(code, flags uint32, at uint64) {
	u.state.Status &^= statusCommandRun
	u.log(event{code: code, flags: flags, address: at})
}

// command carries a command out. It is illegal if it is unknown, or has a reserved bit.
func (u *IOMMU) command(a, b uint64) (legal bool) {
	const opcode = 60
	operand := a &^ (0xf << opcode)
	switch a >> opcode {
	case cmdCompletionWait:
		return u.completionWait(operand, b)
	case cmdDeviceEntry:
		if operand>>16 != 0 || b != 0 {
			return false
		}
		u.forgetEntry(uint16(operand))
	case cmdPages:
		if operand&0xffffffff != 0 || operand>>48 != 0 || b&0xfff&^(pagesSize|pagesDirectories) != 0 {
			return false
		}
		u.forgetPages(uint16(operand>>32), b)
	case cmdInterruptTable: // its entries are not cached
		return operand>>16 == 0 && b == 0
	case cmdAll:
		if operand != 0 || b != 0 {
			return false
		}
		u.state.Entries, u.state.TLB = [entries]Entry{}, [tlbSets][tlbWays]Cached{}
	default:
		return false
	}
	return true
}

// completionWait tells software that the commands before it are done (2.4.1).
func (u *IOMMU) completionWait(operand, data uint64) (legal bool) {
	if operand>>52 != 0 {
		return false
	}
	if operand&waitStore != 0 {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], data)
		u.host.WriteRAM(operand&waitAddress, b[:])
	}
	if operand&waitInterrupt != 0 {
		u.set(statusWaitInterrupt)
	}
	return true
}

// forgetPages drops translations of a domain: of one page, or of a range whose size the
// lowest zero of the address from bit 12 on says (2.4.3).
func (u *IOMMU) forgetPages(domain uint16, operand uint64) {
	first, last := operand&^0xfff, operand|0xfff
	if operand&pagesSize != 0 {
		low := bits.TrailingZeros64(^(operand | 0xfff)) // 64 if there is none
		mask := ^uint64(0)
		if low < 63 {
			mask = uint64(1)<<(low+1) - 1
		}
		first, last = operand&^mask, operand|mask
	}
	for i := range u.state.TLB {
		for k := range u.state.TLB[i] {
			if e := &u.state.TLB[i][k]; e.Valid && e.Domain == domain && e.first() <= last && e.last() >= first {
				*e = Cached{}
			}
		}
	}
}
