package main

import (
	"resvirt/vi/guest"
	"resvirt/vi/seam"
)

// The services are the lines of the archive's file "services": a program and its arguments
// each. Those of a line that begins with '!' are the work: when all of them have ended the
// others are asked to end, and the domain is done. A service that ends before it is asked to
// has failed.

const maxServices = 8

// services are those that were started.
var services [maxServices]service

type service struct {
	line  []byte // its command line
	pid   uint32 // 0: it has ended
	job   bool   // its end is no failure
	asked bool   // to end
}

// startServices starts them in the order of the file.
func startServices() {
	list, ok := guest.File("services")
	if !ok {
		guest.Die("the module has no list of services", 0)
	}
	n := 0
	for len(list) > 0 {
		var line []byte
		if line, list = cut(list); len(line) == 0 {
			continue
		}
		if n == maxServices {
			guest.Die("services are too many", maxServices)
		}
		s := &services[n]
		n++
		if line[0] == '!' {
			s.job = true
			line = line[1:]
		}
		s.line = line
		pid, r := guest.Spawn(line)
		if r < 0 {
			s.say("cannot be started", uint64(-r))
		}
		s.pid = pid
	}
}

// cut takes the first line of a text.
func cut(text []byte) (line, rest []byte) {
	for i, c := range text {
		if c == '\n' {
			return text[:i], text[i+1:]
		}
	}
	return text, nil
}

// supervise waits for services to end until none is left.
func supervise() {
	for {
		if !working() {
			for i := range services {
				if s := &services[i]; s.pid != 0 && !s.asked {
					s.asked = true
					guest.Terminate(s.pid)
				}
			}
		}
		pid, status, r := guest.Wait()
		if r < 0 {
			return
		}
		for i := range services {
			s := &services[i]
			if s.pid != pid {
				continue
			}
			s.pid = 0
			if status != 0 {
				s.say("has failed", uint64(status))
			} else if !s.job && !s.asked {
				s.say("has ended", 0)
			}
		}
	}
}

// working says whether there is a job that has not ended. Without the services that it
// needs no job goes on.
func working() bool {
	jobs := false
	for i := range services {
		s := &services[i]
		jobs = jobs || s.job && s.pid != 0
		if !s.job && s.pid == 0 && s.line != nil {
			return false
		}
	}
	return jobs
}

// say prints what has become of a service; status is as wait4 has it.
func (s *service) say(what string, status uint64) {
	guest.Print(seam.Error + ": service ")
	guest.PrintBytes(s.line)
	guest.Print(" ")
	guest.Print(what)
	guest.Print(" ")
	guest.PrintHex(status)
	guest.Print("\n")
}
