package xenstore

import "resvirt/vi/pvio"

// Permissions. The first entry names the owner, who may do all, and what all may who are
// in no other entry. A domain that targets another one has that one's rights as well.

// allowed is what a connection may do with a node.
func (s *Server) allowed(c uint32, n *node) uint8 {
	var l permList
	s.permsOf(n, &l)
	return s.allowedBy(c, &l)
}

func (s *Server) allowedBy(c uint32, l *permList) uint8 {
	d := s.domainAt(s.conn[c].dom)
	if d == nil || l.n == 0 {
		return 0
	}
	if d.id == 0 || d.is(l.p[0].dom) {
		return permRead | permWrite | permOwner
	}
	for i := 1; i < l.n; i++ {
		if p := &l.p[i]; p.ignore == 0 && d.is(p.dom) {
			return p.access
		}
	}
	return l.p[0].access
}

// is tells whether a domain, or the one that it targets, has a number.
func (d *domain) is(id uint16) bool { return d.id == id || d.target != 0 && d.target-1 == id }

// lookup finds a node that the client may use so. Who may not know of a node is told
// EACCES, whether there is one or not: the nearest directory that there is decides.
func (s *Server) lookup(path []byte, access uint8) (uint32, pvio.StoreErrno) {
	i := s.get(path)
	if i != 0 && s.allowed(s.client, s.node(i))&access == access {
		return i, 0
	}
	if s.fail != 0 {
		return 0, s.fail
	}
	why := pvio.StoreENOENT
	if i != 0 {
		why = pvio.StoreEACCES
	}
	for up := path; len(up) > 1; {
		up = parent(up)
		if i = s.get(up); i != 0 {
			break
		}
	}
	if i == 0 || s.allowed(s.client, s.node(i))&access == 0 {
		why = pvio.StoreEACCES
	}
	return 0, why
}

const letters = "nrwb" // as access has them

// readPerms reads permissions as a client writes them.
func (s *Server) readPerms(list []byte, into *permList) pvio.StoreErrno {
	into.n = 0
	for at := 0; at < len(list); {
		end := nul(list, at)
		if end == len(list) {
			break // what has no zero behind it is not there
		}
		if s.over(quotaPermissions, uint32(into.n+1)) || into.n == maxPerms {
			return pvio.StoreENOSPC
		}
		p := &into.p[into.n]
		id, ok := number(list[min(at+1, end):end])
		if !ok || id > 0xffff {
			return pvio.StoreEINVAL
		}
		*p = perm{dom: uint16(id), access: 0xff}
		for i := range len(letters) {
			if list[at] == letters[i] {
				p.access = uint8(i)
			}
		}
		if p.access == 0xff {
			return pvio.StoreEINVAL
		}
		into.n++
		at = end + 1
	}
	return 0
}

// writePerms writes them as a client reads them.
func writePerms(l *permList, into []byte) (n int) {
	for i := range l.n {
		into[n] = letters[l.p[i].access&3]
		n += 1 + decimal(into[n+1:], uint64(l.p[i].dom))
		into[n] = 0
		n++
	}
	return n
}

// number reads a decimal number of up to 32 bits.
func number(b []byte) (uint32, bool) {
	v, ok := pvio.Number(b)
	return uint32(v), ok && v <= 0xffffffff
}
