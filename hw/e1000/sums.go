package e1000

import "encoding/binary"

// onesSum adds 16-bit words in network order; an odd last byte is the upper half of a word.
func onesSum(b []byte) (sum uint32) {
	for ; len(b) >= 2; b = b[2:] {
		sum += uint32(b[0])<<8 | uint32(b[1])
	}
	if len(b) == 1 {
		sum += uint32(b[0]) << 8
	}
	return sum
}

// fold brings a sum to 16 bits with the carries added in.
func fold(sum uint32) uint16 {
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return uint16(sum)
}

// Protocol numbers.
const (
	protoTCP = 6
	protoUDP = 17
)

// checkSums checks the checksums of an IPv4 packet as far as RXCSUM asks (3.2.9).
func (c *Controller) checkSums(f []byte) (status, errors byte) {
	want := c.state.Regs[rRXCSUM]
	if len(f) < 34 || binary.BigEndian.Uint16(f[12:]) != 0x0800 || f[14]>>4 != 4 || want&(3<<8) == 0 {
		return rxIgnoreSums, 0
	}
	ip := f[14:]
	header, total := int(ip[0]&0xf)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if header < 20 || total < header || total > len(ip) {
		return rxIgnoreSums, 0
	}
	if want&(1<<8) != 0 {
		status |= rxIPChecked
		if fold(onesSum(ip[:header])) != 0xffff {
			errors |= rxIPError
		}
	}
	proto, body := ip[9], ip[header:total]
	fragment := binary.BigEndian.Uint16(ip[6:])&0x3fff != 0
	if want&(1<<9) == 0 || fragment || proto != protoTCP && proto != protoUDP {
		return status, errors
	}
	if proto == protoUDP && (len(body) < 8 || binary.BigEndian.Uint16(body[6:]) == 0) {
		return status, errors // carries none
	}
	status |= rxTCPChecked
	if fold(onesSum(body)+onesSum(ip[12:20])+uint32(proto)+uint32(len(body))) != 0xffff {
		errors |= rxTCPError
	}
	return status, errors
}

// insertSum stores at place the checksum of b from start to end, which is the
// last byte counted, 0 for all. Places outside b do nothing.
func insertSum(b []byte, start, place, end int) {
	if end == 0 || end >= len(b) {
		end = len(b) - 1
	}
	if start > end || place+2 > len(b) {
		return
	}
	binary.BigEndian.PutUint16(b[place:], ^fold(onesSum(b[start:end+1])))
}
