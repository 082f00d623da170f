package xenstore

import (
	"slices"
	"strconv"
	"strings"

	"resvirt/vi/pvio"
)

// do does a request of the model; the result is an error's name.
func (m *model) do(kind, tx uint32, payload string) string {
	first, rest, ok := strings.Cut(payload, "\x00")
	switch kind {
	case pvio.StoreRead, pvio.StoreDirectory, pvio.StoreGetPerms, pvio.StoreMkdir, pvio.StoreRm:
		path, why := m.path(first, kind == pvio.StoreGetPerms)
		if !ok || rest != "" || why != "" {
			return "EINVAL"
		}
		return m.onPath(kind, path)
	case pvio.StoreWrite:
		path, why := m.path(first, false)
		if !ok || why != "" {
			return "EINVAL"
		}
		switch n, why := m.lookup(path, permWrite); why {
		case "":
			n.value = rest
			m.set(path, n)
		case "ENOENT":
			m.create(path, rest)
		default:
			return why
		}
		m.fire(path, false, nil)
	case pvio.StoreSetPerms:
		if why := m.setPerms(first, rest); why != "" {
			return why
		}
	case pvio.StoreWatch, pvio.StoreUnwatch:
		return m.watch(kind, first, strings.Split(rest, "\x00"))
	case pvio.StoreTransactionStart:
		return m.begin()
	case pvio.StoreTransactionEnd:
		if first != "T" && first != "F" || rest != "" {
			return "EINVAL"
		}
		return m.end(tx, first == "T")
	case pvio.StoreResetWatches:
		m.conns[m.me].watches, m.conns[m.me].txs = nil, map[uint32]*mtx{}
	case pvio.StoreIntroduce, pvio.StoreRelease, pvio.StoreSetTarget:
		if m.me != 0 {
			return "EACCES"
		}
		m.tx = nil
		id, _ := strconv.Atoi(first)
		return m.domain(kind, uint16(id), strings.Split(rest, "\x00"))
	}
	m.out = "OK\x00"
	return ""
}

func (m *model) path(p string, special bool) (string, string) {
	bad := strings.ContainsFunc(p, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@+", r)
	})
	if p == "" || bad || p[0] == '@' && !special {
		return "", "EINVAL"
	}
	if p[0] != '/' && p[0] != '@' {
		p = "/local/domain/" + strconv.Itoa(int(m.me)) + "/" + p
	}
	if len(p) > 1 && strings.HasSuffix(p, "/") || strings.Contains(p, "//") || len(p) > 3072 {
		return "", "EINVAL"
	}
	return p, ""
}

func (m *model) onPath(kind uint32, path string) string {
	access := uint8(permRead)
	if kind == pvio.StoreMkdir || kind == pvio.StoreRm {
		access = permWrite
	}
	n, why := m.lookup(path, access)
	switch {
	case why == "ENOENT" && kind == pvio.StoreMkdir:
		m.create(path, "")
		m.fire(path, false, nil)
	case why == "ENOENT" && kind == pvio.StoreRm:
		if _, ok := m.see(up(path)); !ok {
			return why
		}
	case why != "":
		return why
	case kind == pvio.StoreRead:
		m.out = n.value
		return ""
	case kind == pvio.StoreDirectory:
		for _, k := range n.kids {
			m.out += k + "\x00"
		}
		return ""
	case kind == pvio.StoreGetPerms:
		for _, p := range n.perms {
			m.out += letters[p.access:p.access+1] + strconv.Itoa(int(p.dom)) + "\x00"
		}
		return ""
	case kind == pvio.StoreRm && path == "/":
		return "EINVAL"
	case kind == pvio.StoreRm:
		m.remove(path, true)
	}
	m.out = "OK\x00"
	return ""
}

func (m *model) setPerms(first, rest string) string {
	var perms []perm
	for _, s := range strings.SplitAfter(rest, "\x00") {
		if !strings.HasSuffix(s, "\x00") {
			break
		}
		if m.me != 0 && len(perms) == 5 {
			return "ENOSPC"
		}
		s = s[:len(s)-1]
		id, err := strconv.ParseUint(s[min(1, len(s)):], 10, 16)
		if err != nil || s == "" || !strings.Contains(letters, s[:1]) {
			return "EINVAL"
		}
		perms = append(perms, perm{dom: uint16(id), access: uint8(strings.Index(letters, s[:1]))})
	}
	if len(perms) == 0 {
		return "EINVAL"
	}
	for i := range perms {
		if m.doms[perms[i].dom] == nil {
			if !m.there(perms[i].dom) {
				perms[i].ignore = 1
			} else {
				m.dom(perms[i].dom)
			}
		}
	}
	if perms[0].ignore != 0 {
		return "ENOENT"
	}
	path, why := m.path(first, true)
	if why != "" {
		return why
	}
	n, why := m.lookup(path, permWrite|permOwner)
	if why != "" {
		return why
	}
	if m.me != 0 && n.perms[0].dom != perms[0].dom {
		return "EPERM"
	}
	old := m.readers(path)
	if was := n.perms[0].dom; was != perms[0].dom {
		m.count(was, -1)
		m.count(perms[0].dom, 1)
	}
	n.perms = perms
	m.set(path, n)
	m.fire(path, false, old)
	return ""
}

func (m *model) watch(kind uint32, first string, args []string) string {
	c := m.conns[m.me]
	path, why := m.path(first, true)
	if len(args) < 2 || why != "" {
		return "EINVAL"
	}
	w := mwatch{path: path, token: args[0], depth: -1}
	if first[0] != '/' && first[0] != '@' {
		w.prefix = len(path) - len(first)
	}
	same := func(o mwatch) bool { return o.path == w.path && o.token == w.token }
	if kind == pvio.StoreUnwatch {
		i := slices.IndexFunc(c.watches, same)
		if i < 0 {
			return "ENOENT"
		}
		c.watches = slices.Delete(c.watches, i, i+1)
		m.out = "OK\x00"
		return ""
	}
	if len(args) > 2 && args[1] != "" {
		d, err := strconv.ParseUint(args[1], 10, 32)
		if err != nil || path[0] == '@' && d > 1 {
			return "EINVAL"
		}
		w.depth = int(d)
	}
	if slices.ContainsFunc(c.watches, same) {
		return "EEXIST"
	}
	if m.me != 0 && len(c.watches) == 128 {
		return "E2BIG"
	}
	c.watches = append(c.watches, w)
	m.tell(m.me, w, path[w.prefix:])
	m.out = "OK\x00"
	return ""
}

func (m *model) begin() string {
	c := m.conns[m.me]
	if m.tx != nil {
		return "EBUSY"
	}
	if m.me != 0 && len(c.txs) == 10 {
		return "ENOSPC"
	}
	c.last++
	c.txs[c.last] = &mtx{seen: map[string]int{}, view: map[string]mnode{}, modified: map[string]bool{}, fire: map[string]bool{}}
	m.out = strconv.Itoa(int(c.last)) + "\x00"
	return ""
}

func (m *model) end(id uint32, commit bool) string {
	t := m.tx
	if t == nil {
		return "ENOENT"
	}
	m.tx = nil
	delete(m.conns[m.me].txs, id)
	m.out = "OK\x00"
	if !commit {
		return ""
	}
	if t.fail != "" {
		return t.fail
	}
	for p, gen := range t.seen {
		if m.nodes[p].gen != gen {
			return "EAGAIN"
		}
	}
	if t.delta > 0 && m.me != 0 && m.dom(m.me).nodes+t.delta > 1000 {
		panic(mfail("ENOSPC"))
	}
	old := map[string]map[uint16]bool{}
	for p := range t.fire {
		old[p] = m.readers(p)
	}
	me := m.me
	m.me = 0 // what was allowed step by step is allowed
	for _, p := range t.order {
		if !t.modified[p] {
			continue
		}
		was, there := m.nodes[p]
		if there {
			m.dom(was.perms[0].dom).nodes--
		}
		delete(m.nodes, p)
		m.gen++
		if n, ok := t.view[p]; ok {
			n.gen = m.gen
			m.nodes[p] = n
			m.dom(n.perms[0].dom).nodes++
		}
	}
	m.me = me
	for _, p := range t.order {
		if exact, ok := t.fire[p]; ok {
			m.fire(p, exact, old[p])
		}
	}
	return ""
}

func (m *model) domain(kind uint32, id uint16, args []string) string {
	m.out = "OK\x00"
	c := m.conns[id]
	switch {
	case kind == pvio.StoreIntroduce:
		if id == 0 {
			return "EINVAL"
		}
		d := m.dom(id)
		last := uint32(0)
		if c != nil {
			last = c.last // what a dead client remembers is not reused
		}
		m.conns[id] = &mconn{txs: map[uint32]*mtx{}, last: last}
		if !d.introduced {
			d.introduced, d.shutdown = true, false
			m.special(introduced, id)
		}
	case id == 0 && kind == pvio.StoreRelease:
		return "EINVAL"
	case c == nil || id == 0:
		return "ENOENT"
	case kind == pvio.StoreRelease:
		m.release(id)
	default:
		target, _ := strconv.Atoi(args[0])
		if m.conns[uint16(target)] == nil || target == 0 {
			return "ENOENT"
		}
		m.doms[id].target = target
	}
	return ""
}

func (m *model) release(id uint16) {
	delete(m.conns, id)
	was := m.dom(id).introduced
	for _, p := range []string{"/", introduced, released} {
		if n := m.nodes[p]; n.perms[0].dom == id {
			m.count(id, -1)
			m.count(0, 1)
			n.perms = []perm{{}}
			m.set(p, n)
		}
	}
	m.removeNodesOf(id, "/")
	for _, d := range m.doms {
		if d.target == int(id) {
			d.target = -1
		}
	}
	if was {
		m.special(released, id)
	}
	delete(m.doms, id)
	m.gen++
}

func (m *model) special(what string, id uint16) {
	set := m.readers(what)
	for k := range m.readers("/") {
		set[k] = true
	}
	full := what + "/" + strconv.Itoa(int(id))
	for k := range set {
		for _, w := range m.conns[k].watches {
			switch {
			case w.path == what && w.depth == 1, w.path == full:
				m.tell(k, w, full)
			case w.path == what:
				m.tell(k, w, what)
			}
		}
	}
}

func (m *model) removeNodesOf(id uint16, path string) {
	for _, k := range m.nodes[path].kids {
		p := strings.TrimSuffix(path, "/") + "/" + k
		if m.nodes[p].perms[0].dom == id {
			m.remove(p, true)
		} else {
			m.removeNodesOf(id, p)
		}
	}
}
