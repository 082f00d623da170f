package xenstore

import (
	"maps"
	"slices"
	"strings"

	"resvirt/vi/pvio"
)

// model is what a XenStore does, in maps and strings, without memory limits.
type model struct {
	gen   int
	nodes map[string]mnode
	doms  map[uint16]*mdom
	conns map[uint16]*mconn
	there func(uint16) bool

	me  uint16 // of the request under way
	tx  *mtx
	out string
}

type mnode struct {
	perms []perm
	value string
	kids  []string
	gen   int
}

type mdom struct {
	gen                  int
	introduced, shutdown bool
	target               int
	nodes                int
}

type mconn struct {
	watches []mwatch
	txs     map[uint32]*mtx
	last    uint32
	events  []string
}

type mwatch struct {
	path, token string
	prefix      int
	depth       int // -1 for all
}

type mtx struct {
	order    []string
	seen     map[string]int
	view     map[string]mnode // what is there
	modified map[string]bool
	fire     map[string]bool // exact
	delta    int
	fail     string
}

func newModel(there func(uint16) bool) *model {
	m := &model{nodes: map[string]mnode{}, doms: map[uint16]*mdom{}, conns: map[uint16]*mconn{}, there: there}
	m.doms[0] = &mdom{introduced: true, target: -1}
	m.conns[0] = &mconn{txs: map[uint32]*mtx{}}
	for _, p := range []string{"/", "/tool", "/tool/xenstored", introduced, released} {
		m.gen++
		m.nodes[p] = mnode{perms: []perm{{}}, gen: m.gen}
		m.doms[0].nodes++
	}
	m.addKid("/", "tool")
	m.addKid("/tool", "xenstored")
	return m
}

func (m *model) addKid(p, name string) {
	n := m.nodes[p]
	n.kids = append(slices.Clone(n.kids), name)
	m.nodes[p] = n
}

// clone is for taking back.
func (m *model) clone() *model {
	c := *m
	c.nodes, c.doms, c.conns = maps.Clone(m.nodes), map[uint16]*mdom{}, map[uint16]*mconn{}
	for id, d := range m.doms {
		e := *d
		c.doms[id] = &e
	}
	for id, o := range m.conns {
		e := &mconn{slices.Clone(o.watches), map[uint32]*mtx{}, o.last, slices.Clone(o.events)}
		for k, t := range o.txs {
			e.txs[k] = &mtx{slices.Clone(t.order), maps.Clone(t.seen), maps.Clone(t.view), maps.Clone(t.modified), maps.Clone(t.fire), t.delta, t.fail}
		}
		c.conns[id] = e
	}
	return &c
}

type mfail string // a request that failed half-way

// ask does a request and returns what world.ask does.
func (m *model) ask(id uint16, tx, kind uint32, payload string) (answer string) {
	before := m.clone()
	m.me, m.tx, m.out = id, nil, ""
	defer func() {
		if why, ok := recover().(mfail); ok {
			there := m.there
			*m = *before
			m.there = there
			if t := m.conns[id].txs[tx]; t != nil {
				if kind == pvio.StoreTransactionEnd {
					delete(m.conns[id].txs, tx)
				} else {
					t.fail = "ENOMEM"
				}
			}
			answer = string(why)
		}
	}()
	if kind != pvio.StoreWatch && kind != pvio.StoreUnwatch && tx != 0 {
		if m.tx = m.conns[id].txs[tx]; m.tx == nil {
			return "ENOENT"
		}
	}
	if why := m.do(kind, tx, payload); why != "" {
		return why
	}
	return m.out
}

// see is a node as the client sees it; the first look takes it into a transaction.
func (m *model) see(path string) (mnode, bool) {
	if m.tx == nil {
		n, ok := m.nodes[path]
		return m.pinned(n), ok
	}
	if _, known := m.tx.seen[path]; !known {
		if m.me != 0 && len(m.tx.order) >= int(quotaDefault[quotaTransactionNodes]) {
			panic(mfail("ENOSPC"))
		}
		m.tx.order = append(m.tx.order, path)
		n, ok := m.nodes[path]
		m.tx.seen[path] = n.gen
		if ok {
			m.tx.view[path] = m.pinned(n)
		}
	}
	n, ok := m.tx.view[path]
	return m.pinned(n), ok
}

// pinned marks permissions of domains that are not those of then.
func (m *model) pinned(n mnode) mnode {
	n.perms, n.kids = slices.Clone(n.perms), slices.Clone(n.kids)
	for i := range n.perms {
		if d := m.doms[n.perms[i].dom]; i > 0 && (d == nil || d.gen > n.gen) {
			n.perms[i].ignore = 1
		}
	}
	return n
}

func (m *model) set(path string, n mnode) {
	m.gen++
	n.gen = m.gen
	if m.me != 0 && 16+8*len(n.perms)+len(n.value)+len(strings.Join(n.kids, "0"))+min(1, len(n.kids)) > 2048 {
		panic(mfail("ENOSPC"))
	}
	if m.tx == nil {
		m.nodes[path] = n
		return
	}
	m.tx.view[path], m.tx.modified[path] = n, true
}

func (m *model) count(id uint16, n int) {
	if m.tx == nil {
		m.dom(id).nodes += n
		if n > 0 && id == m.me && id != 0 && m.doms[id].nodes > 1000 {
			panic(mfail("ENOSPC"))
		}
	} else if id == m.me {
		if m.tx.delta += n; n > 0 && id != 0 && m.dom(id).nodes+m.tx.delta > 1000 {
			panic(mfail("ENOSPC"))
		}
	}
}

func (m *model) dom(id uint16) *mdom {
	if m.doms[id] == nil {
		m.gen++
		m.doms[id] = &mdom{gen: m.gen, target: -1}
	}
	return m.doms[id]
}

func up(path string) string {
	i := strings.LastIndex(path, "/")
	if i <= 0 {
		return "/"
	}
	return path[:i]
}

func base(path string) string { return path[strings.LastIndex(path, "/")+1:] }

func (m *model) allowed(id uint16, n mnode) uint8 {
	d := m.doms[id]
	is := func(o uint16) bool { return o == id || int(o) == d.target }
	if id == 0 || is(n.perms[0].dom) {
		return 7
	}
	for _, p := range n.perms[1:] {
		if p.ignore == 0 && is(p.dom) {
			return p.access
		}
	}
	return n.perms[0].access
}

func (m *model) lookup(path string, access uint8) (mnode, string) {
	n, ok := m.see(path)
	if ok && m.allowed(m.me, n)&access == access {
		return n, ""
	}
	for p := path; ; {
		p = up(p)
		if above, there := m.see(p); there {
			if m.allowed(m.me, above)&access == 0 || ok {
				return n, "EACCES"
			}
			return n, "ENOENT"
		}
	}
}

func (m *model) create(path, value string) {
	var missing []string
	p := path
	for {
		p = up(p)
		missing = append(missing, path)
		if _, ok := m.see(p); ok {
			break
		}
		path = p
	}
	slices.Reverse(missing)
	for i, path := range missing {
		above, _ := m.see(p)
		perms := slices.Clone(above.perms)
		above.kids = append(above.kids, base(path))
		m.set(p, above)
		if m.me != 0 {
			perms[0].dom = m.me
		}
		m.see(path)
		n := mnode{perms: perms}
		if i == len(missing)-1 {
			n.value = value
		}
		m.set(path, n)
		m.count(perms[0].dom, 1)
		p = path
	}
}

func (m *model) remove(path string, top bool) {
	n, ok := m.see(path)
	if ok {
		for i := len(n.kids) - 1; i >= 0; i-- {
			m.remove(strings.TrimSuffix(path, "/")+"/"+n.kids[i], false)
			n, _ = m.see(path)
			m.set(path, mnode{n.perms, n.value, n.kids[:i], 0})
		}
		m.fire(path, !top, nil)
		m.gone(path, n.perms[0].dom)
	}
	if top {
		n, _ := m.see(up(path))
		n.kids = slices.DeleteFunc(n.kids, func(s string) bool { return s == base(path) })
		m.set(up(path), n)
	}
}

func (m *model) gone(path string, owner uint16) {
	if m.tx != nil {
		delete(m.tx.view, path)
		m.tx.modified[path] = true
	} else {
		m.gen++
		delete(m.nodes, path)
	}
	m.count(owner, -1)
}

func (m *model) readers(path string) map[uint16]bool {
	set := map[uint16]bool{}
	if n, ok := m.nodes[path]; ok {
		for id := range m.conns {
			if m.allowed(id, m.pinned(n))&permRead != 0 {
				set[id] = true
			}
		}
	}
	return set
}

func (m *model) fire(path string, exact bool, old map[uint16]bool) {
	if m.tx != nil {
		m.see(path)
		if was, ok := m.tx.fire[path]; ok {
			exact = exact && was
		}
		m.tx.fire[path] = exact
		return
	}
	set := m.readers(path)
	if len(set) > 0 {
		maps.Copy(set, m.readers(up(path)))
	}
	maps.Copy(set, old)
	for id := range set {
		for _, w := range m.conns[id].watches {
			if w.hit(path, exact) {
				m.tell(id, w, path[w.prefix:])
			}
		}
	}
}

func (w mwatch) hit(path string, exact bool) bool {
	if path == w.path || exact {
		return path == w.path
	}
	rest, ok := strings.CutPrefix(path, strings.TrimSuffix(w.path, "/")+"/")
	return ok && path[0] != '@' && (w.depth < 0 || strings.Count(rest, "/")+1 <= w.depth)
}

// tell keeps one of two events that are the same.
func (m *model) tell(id uint16, w mwatch, path string) {
	c, e := m.conns[id], path+" "+w.token
	if path[0] == '@' || !slices.Contains(c.events, e) {
		c.events = append(c.events, e)
	}
}
