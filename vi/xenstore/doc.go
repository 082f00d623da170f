// Package xenstore is a XenStore server as a library: tree with permissions, transactions,
// watches, quotas and connections over ring pages, with the semantics of Xen's xenstored
// (docs/misc/xenstore.txt, tools/xenstored). It runs without a Go runtime.
//
// All that must outlive a crash of the server's process stands in one [Store], plain data
// without pointers in memory that the process does not own. Every change of it is one unit
// {tree, answer, events, position in the rings} that is either whole or undone: before a
// piece of 64 bytes is changed, its old content goes into a log (log.go), and the unit is
// done when the log's length becomes 0. [Server.Recover] undoes what was not done.
//
// [Server] is the rest: mapped pages, room to work in, and how to reach the world ([Ops]).
//
// A process that serves domains does this, with its memory for the store and the ways of its
// kernel in ops:
//
//	server.Open(store, ops)            // and Attach, or Connect, for local clients
//	for {
//		for server.Turn() {
//		}
//		switch port := wait(); {       // for an event of any port
//		case port == virqDomExc:
//			server.DomainsChanged()
//		}
//		server.Patrol(64)              // now and then
//	}
//
// Files: log.go and arena.go (units, memory), chain.go (bytes of any length), node.go,
// lookup.go, perms.go and txn.go (the tree), watch.go, domain.go, quota.go; request.go,
// nodeops.go, treeops.go, domainops.go (what messages do); ring.go and server.go
// (connections and turns); check.go and recover.go.
package xenstore
