package nvme

import (
	"bytes"
	"encoding/binary"

	"resvirt/hw/disk"
)

const sectorSize = disk.SectorSize

// io carries out a command of the NVM command set (6).
func (c *Controller) io(cmd *Command) uint16 {
	if n := cmd.nsid(); n != 1 && !(n == everyNamespace && cmd.Raw[0] == ioFlush) {
		return invalidNamespace
	}
	if cmd.Raw[1]&3 != 0 {
		return invalidField // fused operations are not offered
	}
	switch cmd.Raw[0] {
	case ioFlush:
		return success // writes are durable when they complete
	case ioRead, ioWrite, ioCompare:
		return c.move(cmd)
	case ioZeroes:
		if !c.inRange(cmd.lba(), cmd.blocks()) {
			return lbaOutOfRange
		}
		c.zero(cmd.lba(), cmd.blocks())
		return success
	case ioDataset:
		return c.dataset(cmd)
	}
	return invalidOpcode
}

func (c *Controller) inRange(lba, n uint64) bool {
	all := c.disk.Size() / sectorSize
	return lba <= all && n <= all-lba
}

// move reads, writes or compares.
func (c *Controller) move(cmd *Command) uint16 {
	n := cmd.blocks()
	if n*sectorSize > pageSize<<maxShift {
		return invalidField
	}
	if !c.inRange(cmd.lba(), n) {
		return lbaOutOfRange
	}
	st := &c.state.Stats
	at, b := cmd.lba()*sectorSize, make([]byte, n*sectorSize)
	switch cmd.Raw[0] {
	case ioRead:
		st.Reads++
		st.SectorsRead += n
		c.disk.Read(at, b)
		return c.send(cmd, b)
	case ioWrite:
		if status := c.receive(cmd, b); status != success {
			return status
		}
		st.Writes++
		st.SectorsWritten += n
		c.disk.Write(at, b)
		return success
	}
	if status := c.receive(cmd, b); status != success {
		return status
	}
	have := make([]byte, len(b))
	if c.disk.Read(at, have); !bytes.Equal(have, b) {
		return compareFailure
	}
	return success
}

// zero makes blocks read as zeros.
func (c *Controller) zero(lba, n uint64) {
	const step = 1 << 20 / sectorSize
	b := make([]byte, min(n, step)*sectorSize)
	for n > 0 {
		k := min(n, step)
		c.disk.Write(lba*sectorSize, b[:k*sectorSize])
		lba, n = lba+k, n-k
	}
}

// dataset deallocates ranges if asked to, which makes them read as zeros; other
// hints are of no use here (6.7). A range out of bounds fails before any is done.
func (c *Controller) dataset(cmd *Command) uint16 {
	b := make([]byte, 16*(cmd.dword(10)&0xff+1))
	if status := c.receive(cmd, b); status != success {
		return status
	}
	rangeAt := func(i int) (lba, n uint64) {
		return binary.LittleEndian.Uint64(b[i+8:]), uint64(binary.LittleEndian.Uint32(b[i+4:]))
	}
	for i := 0; i < len(b); i += 16 {
		if lba, n := rangeAt(i); !c.inRange(lba, n) {
			return lbaOutOfRange
		}
	}
	if cmd.dword(11)&4 == 0 {
		return success
	}
	for i := 0; i < len(b); i += 16 {
		c.zero(rangeAt(i))
	}
	return success
}
