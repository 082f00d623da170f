package xenstore

import (
	"slices"
	"strings"
	"testing"

	"resvirt/vi/pvio"
)

const (
	control   = pvio.StoreControl
	directory = pvio.StoreDirectory
	read      = pvio.StoreRead
	getPerms  = pvio.StoreGetPerms
	watchMsg  = pvio.StoreWatch
	unwatch   = pvio.StoreUnwatch
	start     = pvio.StoreTransactionStart
	end       = pvio.StoreTransactionEnd
	introduce = pvio.StoreIntroduce
	releaseIt = pvio.StoreRelease
	homeOf    = pvio.StoreGetDomainPath
	write     = pvio.StoreWrite
	mkdir     = pvio.StoreMkdir
	rm        = pvio.StoreRm
	setPerms  = pvio.StoreSetPerms
	isThere   = pvio.StoreIsDomainIntroduced
	resume    = pvio.StoreResume
	setTarget = pvio.StoreSetTarget
	reset     = pvio.StoreResetWatches
	dirPart   = pvio.StoreDirectoryPart
	getFeat   = pvio.StoreGetFeature
	setFeat   = pvio.StoreSetFeature
	getQuota  = pvio.StoreGetQuota
	setQuota  = pvio.StoreSetQuota

	ok = "OK\x00"
)

// TestRequests follows xenstore.txt, and xenstored where the text is silent. Lines build
// on those before them.
func TestRequests(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.add(4)
	long := strings.Repeat(strings.Repeat("x", 127)+"/", 16)[:2047] + "x"
	for _, l := range []struct {
		id            uint16
		kind          uint32
		payload, want string
	}{
		{0, read, "/\x00", ""},
		{0, directory, "/\x00", "tool\x00local\x00"},
		{3, read, "/\x00", "EACCES"},
		{3, homeOf, "3\x00", "/local/domain/3\x00"},
		{3, homeOf, "3", "/local/domain/3\x00"}, // the client here always sends a zero
		{0, isThere, "3\x00", "T\x00"},
		{0, isThere, "5\x00", "F\x00"},
		{0, isThere, "32752\x00", "T\x00"}, // DOMID_SELF
		{3, isThere, "3\x00", "EACCES"},
		{3, control, "print\x00x\x00", "EACCES"},
		{0, control, "print\x00x\x00", "ENOSYS"},
		{0, 20, "", "ENOSYS"},
		{0, 27, "", "ENOSYS"},
		{0, pvio.StoreInvalid, "", "ENOSYS"},
		{0, pvio.StoreWatchEvent, "", "ENOSYS"},
		{0, pvio.StoreError, "", "ENOSYS"},

		// Nodes.
		{3, write, "a/b\x00hello", ok},
		{3, read, "a/b\x00", "hello"},
		{3, read, "/local/domain/3/a/b\x00", "hello"},
		{3, read, "a\x00", ""},
		{3, directory, ".\x00", "EINVAL"},
		{3, directory, "a\x00", "b\x00"},
		{3, write, "a/b\x00with\x00zero\x00", ok},
		{3, read, "a/b\x00", "with\x00zero\x00"},
		{3, mkdir, "a/b\x00", ok},
		{3, read, "a/b\x00", "with\x00zero\x00"},
		{3, mkdir, "a/c\x00", ok},
		{3, directory, "a\x00", "b\x00c\x00"},
		{3, rm, "a/x\x00", ok},
		{3, rm, "x/y\x00", "ENOENT"},
		{3, rm, "a\x00", ok},
		{3, read, "a/b\x00", "ENOENT"},
		{3, directory, "a\x00", "ENOENT"},
		{0, rm, "/\x00", "EINVAL"},

		// Paths.
		{3, write, "\x00x", "EINVAL"},
		{3, write, "/local/domain/3//a\x00x", "EINVAL"},
		{3, write, "/local/domain/3/a/\x00x", "EINVAL"},
		{3, write, "a b\x00x", "EINVAL"},
		{3, write, "@releaseDomain\x00x", "EINVAL"},
		{3, read, "a\x00b\x00", "EINVAL"},
		{3, write, long + "\x00", ok},
		{3, write, long + "x\x00", "EINVAL"},
		{3, rm, long + "\x00", ok},

		// Permissions.
		{3, getPerms, "/local/domain/3\x00", "n3\x00"},
		{3, write, "mine\x001", ok},
		{3, getPerms, "mine\x00", "n3\x00"},
		{4, read, "/local/domain/3/mine\x00", "EACCES"},
		{4, read, "/local/domain/3/nothing\x00", "EACCES"},
		{4, write, "/local/domain/3/mine\x00x", "EACCES"},
		{4, setPerms, "/local/domain/3/mine\x00r4\x00", "EACCES"},
		{3, setPerms, "mine\x00n3\x00r4\x00", ok},
		{4, read, "/local/domain/3/mine\x00", "1"},
		{4, write, "/local/domain/3/mine\x00x", "EACCES"},
		{4, setPerms, "/local/domain/3/mine\x00b3\x00", "EACCES"},
		{3, setPerms, "mine\x00n3\x00w4\x00", ok},
		{4, read, "/local/domain/3/mine\x00", "EACCES"},
		{4, write, "/local/domain/3/mine\x00y", ok},
		{3, read, "mine\x00", "y"},
		{3, setPerms, "mine\x00b3\x00n4\x00", ok},
		{4, read, "/local/domain/3/mine\x00", "EACCES"},
		{3, setPerms, "mine\x00n4\x00", "EPERM"},
		{3, setPerms, "mine\x00x3\x00", "EINVAL"},
		{3, setPerms, "mine\x00", "EINVAL"},
		{3, setPerms, "mine\x00n3\x00r1\x00r2\x00r3\x00r4\x00", ok},
		{3, setPerms, "mine\x00n3\x00r1\x00r2\x00r3\x00r4\x00r5\x00", "ENOSPC"},
		{0, setPerms, "/local/domain/3/mine\x00n9\x00", "ENOENT"}, // there is no domain 9
		{0, setPerms, "/local/domain/3/mine\x00n4\x00r3\x00", ok},
		{3, write, "mine\x00z", "EACCES"},
		{4, write, "/local/domain/3/mine/below\x00z", ok},
		{0, getPerms, "/local/domain/3/mine/below\x00", "n4\x00r3\x00"},
		{0, getPerms, "@releaseDomain\x00", "n0\x00"},
		{3, getPerms, "@releaseDomain\x00", "EACCES"},

		// The rights of a target.
		{0, setTarget, "3\x004\x00", ok},
		{0, setTarget, "3\x005\x00", "ENOENT"},
		{4, write, "secret\x00s", ok},
		{3, read, "/local/domain/4/secret\x00", "s"},
		{3, write, "/local/domain/4/secret\x00t", ok},

		// Domains.
		{3, introduce, "5\x001\x001\x00", "EACCES"},
		{0, introduce, "0\x001\x001\x00", "EINVAL"},
		{0, introduce, "5\x001\x000\x00", "EINVAL"},
		{0, introduce, "5\x001\x00", "EINVAL"},
		{0, introduce, "5\x001\x001\x00", "EINVAL"}, // it has no page
		{0, releaseIt, "5\x00", "ENOENT"},
		{0, releaseIt, "0\x00", "EINVAL"},
		{0, resume, "3\x00", ok},
		{0, resume, "5\x00", "ENOENT"},

		// Features and quotas.
		{3, getFeat, "", "7\x00"},
		{3, getFeat, "4\x00", "EACCES"},
		{0, getFeat, "4\x00", "7\x00"},
		{0, setFeat, "4\x002\x00", "EBUSY"},
		{0, setFeat, "6\x00128\x00", "EINVAL"},
		{0, setFeat, "6\x002\x00", ok},
		{0, getFeat, "6\x00", "2\x00"},
		{0, getQuota, "", "nodes watches outstanding transactions transaction-nodes node-permissions path-max node-size memory\x00"},
		{0, getQuota, "nodes\x00", "1000\x00"},
		{0, setQuota, "3\x00nodes\x005\x00", ok},
		{0, getQuota, "3\x00nodes\x00", "5\x00"},
		{0, getQuota, "3\x00colour\x00", "EINVAL"},
		{3, setQuota, "nodes\x005\x00", "EACCES"},
	} {
		if got := w.ask(l.id, 0, l.kind, l.payload); got != l.want {
			t.Errorf("domain %d, message %d, %.60q: %.60q, want %.60q", l.id, l.kind, l.payload, got, l.want)
		}
	}
}

func (w *world) eventsAre(id uint16, want ...string) {
	w.t.Helper()
	if got := w.events(id); !slices.Equal(got, want) {
		w.t.Errorf("domain %d hears %q, want %q", id, got, want)
	}
}

func TestWatches(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.add(4)
	w.must(3, 0, watchMsg, "dev\x00tok\x00", ok)
	w.eventsAre(3, "dev tok") // once at first, relative as it was asked
	w.must(3, 0, watchMsg, "dev\x00tok\x00", "EEXIST")
	w.must(3, 0, watchMsg, "/local/domain/3/dev\x00abs\x00", ok)
	w.eventsAre(3, "/local/domain/3/dev abs")
	w.must(3, 0, write, "dev/vif/0\x00x", ok)
	w.eventsAre(3, "dev/vif/0 tok", "/local/domain/3/dev/vif/0 abs")
	w.must(3, 0, unwatch, "/local/domain/3/dev\x00abs\x00", ok)
	w.must(3, 0, unwatch, "/local/domain/3/dev\x00abs\x00", "ENOENT")
	w.must(3, 0, write, "device\x00no part of dev", ok)
	w.must(0, 0, setPerms, "/local/domain/3/dev/vif/0\x00n3\x00r4\x00", ok)
	w.eventsAre(3, "dev/vif/0 tok")
	w.must(3, 0, watchMsg, "dev/vif/0\x00exact\x00", ok)
	w.must(3, 0, watchMsg, "dev/vif\x00between\x00", ok)
	w.events(3)
	w.must(3, 0, rm, "dev\x00", ok) // those below hear of their own path
	w.eventsAre(3, "dev/vif/0 exact", "dev/vif between", "dev tok")
	w.must(3, 0, reset, "", ok)
	w.must(3, 0, write, "dev\x00x", ok)
	w.eventsAre(3)

	w.must(4, 0, watchMsg, "/local/domain/3\x00spy\x00", ok)
	w.events(4)
	w.must(3, 0, write, "private\x00x", ok)
	w.eventsAre(4)
	w.must(3, 0, setPerms, "private\x00n3\x00r4\x00", ok)
	w.must(3, 0, write, "private\x00y", ok)
	w.eventsAre(4, "/local/domain/3/private spy", "/local/domain/3/private spy")
	w.must(3, 0, setPerms, "private\x00n3\x00", ok)
	w.eventsAre(4, "/local/domain/3/private spy") // it could read it before

	w.must(3, 0, watchMsg, "deep\x00one\x001\x00", ok)
	w.must(3, 0, watchMsg, "deep\x00none\x000\x00", ok)
	w.events(3)
	w.must(3, 0, write, "deep/a/b\x00x", ok)
	w.eventsAre(3)
	w.must(3, 0, write, "deep/a\x00x", ok)
	w.eventsAre(3, "deep/a one")
	w.must(3, 0, write, "deep\x00x", ok)
	w.eventsAre(3, "deep one", "deep none")
}

func TestSpecialWatches(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.add(4)
	for _, l := range []string{"@introduceDomain\x00in\x00", "@releaseDomain\x00out\x00", "@releaseDomain\x00who\x001\x00", "@releaseDomain/7\x00seven\x00"} {
		w.must(0, 0, watchMsg, l, ok)
	}
	w.must(3, 0, watchMsg, "@releaseDomain\x00no\x00", ok)
	w.must(3, 0, watchMsg, "@releaseDomain\x00no\x002\x00", "EINVAL")
	w.events(0)
	w.events(3)
	w.add(7)
	w.eventsAre(0, "@introduceDomain in")
	w.must(7, 0, write, "mine/x\x00x", ok)
	w.must(0, 0, setPerms, "/tool\x00n0\x00r7\x00", ok)
	w.must(0, 0, releaseIt, "7\x00", ok)
	w.eventsAre(0, "@releaseDomain out", "@releaseDomain/7 who", "@releaseDomain/7 seven")
	w.eventsAre(3)
	w.must(0, 0, read, "/local/domain/7\x00", "ENOENT") // it was its own
	w.add(7)
	w.must(7, 0, read, "/tool\x00", "EACCES") // what another domain 7 was allowed
	w.must(0, 0, mkdir, "/tool/younger\x00", ok)
	w.must(7, 0, read, "/tool\x00", "EACCES")
	w.must(0, 0, rm, "/tool/younger\x00", ok)
	w.must(7, 0, read, "/tool\x00", "EACCES")
	w.events(0)

	w.must(0, 0, setPerms, "@releaseDomain\x00n0\x00r3\x00", ok)
	w.events(0) // that was a change of a node as well
	w.events(3)
	w.status[4] = Status{There: true, Shutdown: true}
	w.s.DomainsChanged()
	w.eventsAre(0, "@releaseDomain out", "@releaseDomain/4 who")
	w.eventsAre(3, "@releaseDomain no")
	w.s.DomainsChanged()
	w.eventsAre(0)
	w.must(0, 0, resume, "4\x00", ok)
	w.s.DomainsChanged()
	w.eventsAre(0, "@releaseDomain out", "@releaseDomain/4 who")
	delete(w.status, 4)
	w.s.DomainsChanged()
	w.eventsAre(0, "@releaseDomain out", "@releaseDomain/4 who")
	w.must(0, 0, isThere, "4\x00", "F\x00")
}

func (w *world) begin(id uint16) uint32 {
	w.t.Helper()
	tx, why := w.c[id].Begin()
	if why != 0 {
		w.t.Fatalf("no transaction: %s", pvio.StoreErrors[why])
	}
	return tx
}

func TestTransactions(t *testing.T) {
	w := newWorld(t)
	w.add(3)
	w.must(0, 0, watchMsg, "/local/domain/3\x00w\x00", ok)
	w.must(3, 0, write, "a\x001", ok)
	w.events(0)
	tx := w.begin(3)
	w.must(3, tx, start, "", "EBUSY")
	w.must(3, tx+7, read, "a\x00", "ENOENT")
	w.must(3, tx, write, "a\x002", ok)
	w.must(3, tx, write, "b/c\x003", ok)
	w.must(3, tx, rm, "b/c\x00", ok)
	w.must(3, tx, write, "b/d\x004", ok)
	w.must(3, tx, read, "a\x00", "2")
	w.must(3, 0, read, "a\x00", "1")
	w.must(3, tx, directory, "b\x00", "d\x00")
	w.must(3, 0, directory, "b\x00", "ENOENT")
	w.eventsAre(0)
	w.must(3, tx, end, "T\x00", ok)
	w.eventsAre(0, "/local/domain/3/a w", "/local/domain/3/b/d w")
	w.must(3, 0, read, "b/d\x00", "4")
	w.must(3, tx, end, "T\x00", "ENOENT")
	w.must(3, 0, end, "T\x00", "ENOENT")

	tx = w.begin(3)
	w.must(3, tx, write, "a\x00no", ok)
	w.must(3, tx, end, "X\x00", "EINVAL")
	w.must(3, tx, end, "F\x00", ok)
	w.must(3, 0, read, "a\x00", "2")

	w.must(3, 0, write, "e/f\x00", ok)
	w.events(0)
	tx = w.begin(3)
	w.must(3, tx, rm, "e\x00", ok) // those above hear of e only
	w.must(3, tx, write, "e/f\x00", ok)
	w.must(3, tx, end, "T\x00", ok)
	w.eventsAre(0, "/local/domain/3/e w", "/local/domain/3/e/f w")

	for _, l := range []struct{ in, out []any }{ // what two do, and only one may have it
		{[]any{uint32(read), "a\x00"}, []any{uint32(write), "a\x00x"}},
		{[]any{uint32(write), "a\x00y"}, []any{uint32(write), "a\x00x"}},
		{[]any{uint32(read), "new\x00"}, []any{uint32(write), "new\x00x"}},
		{[]any{uint32(directory), "b\x00"}, []any{uint32(write), "b/e\x00x"}},
		{[]any{uint32(read), "b/e\x00"}, []any{uint32(rm), "b/e\x00"}},
		{[]any{uint32(write), "q/1\x00"}, []any{uint32(write), "q/2\x00"}},
		{[]any{uint32(getPerms), "a\x00"}, []any{uint32(setPerms), "a\x00n3\x00r0\x00"}},
	} {
		tx := w.begin(3)
		w.ask(3, tx, l.in[0].(uint32), l.in[1].(string))
		w.must(3, 0, l.out[0].(uint32), l.out[1].(string), ok)
		w.must(3, tx, end, "T\x00", "EAGAIN")
		tx = w.begin(3)
		w.ask(3, tx, l.in[0].(uint32), l.in[1].(string))
		w.must(3, 0, write, "other/place\x00x", ok)
		w.ask(3, tx, l.in[0].(uint32), l.in[1].(string))
		w.must(3, tx, end, "T\x00", ok)
	}
	var open []uint32
	for range 10 {
		open = append(open, w.begin(3))
	}
	w.must(3, 0, start, "", "ENOSPC")
	w.must(3, 0, reset, "", ok)
	w.must(3, open[0], read, "a\x00", "ENOENT")
}
