package back

// Positions in an Ethernet frame, and numbers (RFC 791, 8200, 768, 793).
const (
	etherType   = 12
	etherHeader = 14
	typeIPv4    = 0x0800
	typeIPv6    = 0x86dd
	protocolTCP = 6
	protocolUDP = 17
)

// FinishChecksum computes the checksum that a sender left blank: its field holds the sum
// of the pseudo header, and everything from the protocol's header on is to be added
// (netif.h, NETTXF_csum_blank). False where the frame is none of TCP or UDP; then
// nothing is changed.
func (f *Frame) FinishChecksum() bool {
	p := f.Bytes()
	at, end, protocol := transportOf(p)
	field := 0
	switch protocol {
	case protocolTCP:
		field = at + 16
	case protocolUDP:
		field = at + 6
	}
	if field == 0 || field+2 > end || end > len(p) {
		return false
	}
	sum := ^fold(sumBytes(p[at:end]))
	if sum == 0 && protocol == protocolUDP {
		sum = 0xffff // 0 means that there is none (RFC 768)
	}
	p[field], p[field+1] = byte(sum>>8), byte(sum)
	f.Blank, f.Verified = false, true
	return true
}

// transportOf finds the header behind that of IP: where it begins, where the packet
// ends, and whose it is; 0 for what is no IP, or a fragment.
func transportOf(p []byte) (at, end int, protocol byte) {
	if len(p) < etherHeader+40 && (len(p) < etherHeader+20 || p[etherType+1] != typeIPv4&0xff) {
		return 0, 0, 0
	}
	ip := p[etherHeader:]
	switch uint16(p[etherType])<<8 | uint16(p[etherType+1]) {
	case typeIPv4:
		header, total := int(ip[0]&15)*4, int(ip[2])<<8|int(ip[3])
		if header < 20 || total < header || total > len(ip) || ip[6]&0x3f != 0 || ip[7] != 0 {
			return 0, 0, 0
		}
		return etherHeader + header, etherHeader + total, ip[9]
	case typeIPv6:
		total := 40 + (int(ip[4])<<8 | int(ip[5]))
		if total > len(ip) {
			return 0, 0, 0
		}
		return etherHeader + 40, etherHeader + total, ip[6]
	}
	return 0, 0, 0
}

// sumBytes adds 16-bit words, the higher byte first.
func sumBytes(p []byte) (sum uint32) {
	for len(p) >= 2 {
		sum += uint32(p[0])<<8 | uint32(p[1])
		p = p[2:]
	}
	if len(p) > 0 {
		sum += uint32(p[0]) << 8
	}
	return sum
}

// fold adds the carries in again (RFC 1071).
func fold(sum uint32) uint16 {
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return uint16(sum)
}
