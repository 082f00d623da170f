package nvme

import "encoding/binary"

// segment is a piece of memory.
type segment struct {
	addr uint64
	size int
}

// segments finds the memory of a command's data by its physical region pages
// (4.3): the first entry may begin within a page, the second is the second page
// or a list, and a list that does not suffice ends in the next list's address.
func (c *Controller) segments(cmd *Command, bytes int) ([]segment, uint16) {
	if cmd.Raw[1]>>6 != 0 {
		return nil, invalidField // a scatter-gather list, which SGLS does not offer
	}
	first, second := cmd.prp(1), cmd.prp(2)
	if first&3 != 0 {
		return nil, badPRPOffset
	}
	n := min(bytes, int(pageSize-first%pageSize))
	list := []segment{{first, n}}
	bytes -= n
	switch {
	case bytes == 0:
		return list, success
	case bytes <= pageSize:
		if second%pageSize != 0 {
			return nil, badPRPOffset
		}
		return append(list, segment{second, bytes}), success
	case second&7 != 0:
		return nil, badPRPOffset
	}
	for at := second; bytes > 0; at += 8 {
		entry, ok := c.read64(at)
		if at%pageSize == pageSize-8 && bytes > pageSize && ok {
			if entry&7 != 0 {
				return nil, badPRPOffset
			}
			at = entry
			entry, ok = c.read64(at)
		}
		if !ok {
			return nil, transferError
		}
		if entry%pageSize != 0 {
			return nil, badPRPOffset
		}
		n := min(bytes, pageSize)
		list = append(list, segment{entry, n})
		bytes -= n
	}
	return list, success
}

func (c *Controller) read64(pa uint64) (v uint64, ok bool) {
	var b [8]byte
	ok = c.config.ReadRAM(pa, b[:])
	return binary.LittleEndian.Uint64(b[:]), ok
}

// send gives the host a command's data.
func (c *Controller) send(cmd *Command, b []byte) uint16 {
	return c.transferData(cmd, b, c.config.WriteRAM)
}

// receive takes a command's data from the host.
func (c *Controller) receive(cmd *Command, b []byte) uint16 {
	return c.transferData(cmd, b, c.config.ReadRAM)
}

// transferData moves data segment by segment, up to the first that is refused.
func (c *Controller) transferData(cmd *Command, b []byte, move func(pa uint64, b []byte) bool) uint16 {
	list, status := c.segments(cmd, len(b))
	for _, s := range list {
		if !move(s.addr, b[:s.size]) {
			return transferError
		}
		b = b[s.size:]
	}
	return status
}
