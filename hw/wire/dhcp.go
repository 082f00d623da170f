package wire

import "bytes"

// DHCP (RFC 2131, 2132): offers a client the address that belongs to it, and acknowledges it.
const (
	dhcpDiscover = 1
	dhcpOffer    = 2
	dhcpRequest  = 3
	dhcpAck      = 5

	optMask    = 1
	optRouter  = 3
	optLease   = 51
	optMessage = 53
	optServer  = 54
	optEnd     = 255

	dhcpHeader = 236
)

func dhcpMagic() []byte { return []byte{99, 130, 83, 99} }

// dhcp returns the answer to a message, nil for none.
func (r *remote) dhcp(m []byte) []byte {
	if len(m) < dhcpHeader+4 || m[0] != 1 || !bytes.Equal(m[dhcpHeader:dhcpHeader+4], dhcpMagic()) {
		return nil
	}
	var kind byte
	switch option(m[dhcpHeader+4:], optMessage) {
	case dhcpDiscover:
		kind = dhcpOffer
	case dhcpRequest:
		kind = dhcpAck
	default:
		return nil
	}
	me, guest := r.ip4, r.lease(mac(m[28:34]))
	b := make([]byte, dhcpHeader)
	b[0], b[1], b[2] = 2, 1, 6
	copy(b[4:8], m[4:8])     // transaction
	copy(b[10:12], m[10:12]) // flags
	copy(b[16:], guest[:])
	copy(b[20:], me[:])
	copy(b[28:44], m[28:44]) // hardware address
	b = append(b, dhcpMagic()...)
	b = append(b, optMessage, 1, kind, optServer, 4)
	b = append(b, me[:]...)
	b = append(b, optLease, 4, 0, 1, 0x51, 0x80, optMask, 4, 255, 255, 255, 0, optRouter, 4) // a day
	b = append(b, me[:]...)
	return append(b, optEnd)
}

// option is the first byte of an option, 0 if it is missing.
func option(o []byte, code byte) byte {
	for len(o) > 0 && o[0] != optEnd {
		if o[0] == 0 { // padding
			o = o[1:]
			continue
		}
		if len(o) < 2 || len(o) < 2+int(o[1]) {
			return 0
		}
		if o[0] == code && o[1] > 0 {
			return o[2]
		}
		o = o[2+int(o[1]):]
	}
	return 0
}

// firstLease is the address of the client whose hardware address ends as QEMU's first network
// controller's does.
const (
	firstLease  = 15
	leases      = 240
	firstClient = 0x56
)

// lease is a client's address. It follows from the hardware address, so that no table is
// needed: clients whose last bytes differ by less than 240 get different ones.
func (r *remote) lease(client mac) ip4 {
	ip := r.ip4
	ip[3] = firstLease + byte(int(client[5]-firstClient)%leases)
	return ip
}
