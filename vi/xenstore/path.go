package xenstore

import "resvirt/vi/pvio"

// canonical makes a path of what a client sent: absolute, in s.path. Special ones begin
// with @ and are for watches and permissions only.
func (s *Server) canonical(raw []byte, special bool) ([]byte, pvio.StoreErrno) {
	if len(raw) == 0 || raw[0] == '@' && !special || !validChars(raw) {
		return nil, pvio.StoreEINVAL
	}
	n := 0
	if raw[0] != '/' && raw[0] != '@' {
		if len(raw) > pvio.StoreRelPath {
			return nil, pvio.StoreEINVAL
		}
		n = s.home(s.path[:], s.me().id)
		s.path[n] = '/'
		n++
	}
	if n+len(raw) > pvio.StoreAbsPath {
		return nil, pvio.StoreEINVAL
	}
	n += copy(s.path[n:], raw)
	path := s.path[:n]
	if n > 1 && path[n-1] == '/' {
		return nil, pvio.StoreEINVAL
	}
	for i := 1; i < n; i++ {
		if path[i] == '/' && path[i-1] == '/' {
			return nil, pvio.StoreEINVAL
		}
	}
	if s.over(quotaPath, uint32(n-local(path))) {
		return nil, pvio.StoreEINVAL
	}
	return path, 0
}

func validChars(p []byte) bool {
	for _, c := range p {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '-', c == '/', c == '_', c == '@', c == '+':
		default:
			return false
		}
	}
	return true
}

const homes = "/local/domain/"

// home writes the directory of a domain.
func (s *Server) home(into []byte, id uint16) int {
	n := copy(into, homes)
	return n + decimal(into[n:], uint64(id))
}

// local is the length of a path's begin that names a domain's home, with the slash.
func local(path []byte) int {
	if len(path) < len(homes) || string(path[:len(homes)]) != homes {
		return 0
	}
	for i := len(homes); i < len(path) && i < len(homes)+6; i++ {
		if path[i] == '/' && i > len(homes) {
			return i + 1
		}
		if path[i] < '0' || path[i] > '9' {
			return 0
		}
	}
	return 0
}

// decimal writes a number.
func decimal(into []byte, v uint64) int {
	var digits [20]byte
	n := len(digits)
	for {
		n--
		digits[n] = byte('0' + v%10)
		if v /= 10; v == 0 {
			return copy(into, digits[n:])
		}
	}
}
