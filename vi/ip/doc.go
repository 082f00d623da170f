// Package ip is the little of the internet protocols that a kernel here needs: Ethernet,
// ARP, IPv4 without fragments, answers to ICMP echoes, UDP. Nothing is trusted that comes
// in; what is not understood is counted and dropped.
package ip
