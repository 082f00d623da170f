package acpi

import "encoding/binary"

// A few opcodes of the ACPI Machine Language (ACPI 6.5, chapter 20). Objects
// are put together from byte strings, without a tree.
const (
	opName    = 0x08
	opByte    = 0x0a
	opWord    = 0x0b
	opDWord   = 0x0c
	opScope   = 0x10
	opBuffer  = 0x11
	opPackage = 0x12
	opMethod  = 0x14
	opArg0    = 0x68
	opStore   = 0x70
	opIf      = 0xa0
	opReturn  = 0xa4
	opExt     = 0x5b
	opDevice  = 0x82
)

// integer encodes a constant in the fewest bytes.
func integer(v uint32) []byte {
	switch {
	case v <= 1:
		return []byte{byte(v)} // ZeroOp, OneOp
	case v <= 0xff:
		return []byte{opByte, byte(v)}
	case v <= 0xffff:
		return binary.LittleEndian.AppendUint16([]byte{opWord}, uint16(v))
	}
	return binary.LittleEndian.AppendUint32([]byte{opDWord}, v)
}

// join is several encoded things in a row.
func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

// sized precedes a body with its opcode and PkgLength, which counts itself (20.2.4).
func sized(op []byte, body []byte) []byte {
	n := len(body) + 1
	var length []byte
	switch {
	case n <= 0x3f:
		length = []byte{byte(n)}
	case n+1 <= 0xfff:
		n++
		length = []byte{0x40 | byte(n&15), byte(n >> 4)}
	default:
		n += 2
		length = []byte{0x80 | byte(n&15), byte(n >> 4), byte(n >> 12)}
	}
	return join(op, length, body)
}

// name defines a named object; names have four letters, a backslash before them
// means the root.
func name(n string, value []byte) []byte { return join([]byte{opName}, []byte(n), value) }

func scope(n string, body ...[]byte) []byte {
	return sized([]byte{opScope}, join([]byte(n), join(body...)))
}

func device(n string, body ...[]byte) []byte {
	return sized([]byte{opExt, opDevice}, join([]byte(n), join(body...)))
}

func method(n string, args byte, body ...[]byte) []byte {
	return sized([]byte{opMethod}, join([]byte(n), []byte{args}, join(body...)))
}

func pkg(elements ...[]byte) []byte {
	return sized([]byte{opPackage}, join([]byte{byte(len(elements))}, join(elements...)))
}

func buffer(b []byte) []byte {
	return sized([]byte{opBuffer}, join(integer(uint32(len(b))), b))
}

func ifThen(condition []byte, body ...[]byte) []byte {
	return sized([]byte{opIf}, join(condition, join(body...)))
}

func returns(v []byte) []byte { return join([]byte{opReturn}, v) }

func store(from, to []byte) []byte { return join([]byte{opStore}, from, to) }

// eisaID compresses a plug-and-play identifier as "PNP0A03": three letters of
// five bits and four hexadecimal digits, most significant byte first (19.6.38).
func eisaID(id string) []byte {
	var v uint32
	for _, letter := range id[:3] {
		v = v<<5 | uint32(letter-'A'+1)
	}
	for _, digit := range id[3:7] {
		d := uint32(digit - '0')
		if digit >= 'A' {
			d = uint32(digit-'A') + 10
		}
		v = v<<4 | d
	}
	return binary.BigEndian.AppendUint32([]byte{opDWord}, v)
}
