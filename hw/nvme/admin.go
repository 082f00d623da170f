package nvme

// admin carries out an admin command (5).
func (c *Controller) admin(cmd *Command) (result uint32, status uint16) {
	switch cmd.Raw[0] {
	case adminCreateCQ:
		return 0, c.createCQ(cmd)
	case adminCreateSQ:
		return 0, c.createSQ(cmd)
	case adminDeleteCQ:
		return 0, c.deleteCQ(cmd)
	case adminDeleteSQ:
		return 0, c.deleteSQ(cmd)
	case adminIdentify:
		return 0, c.identify(cmd)
	case adminLog:
		return 0, c.log(cmd)
	case adminAbort:
		return c.abort(cmd), success
	case adminSet:
		return c.setFeature(cmd)
	case adminGet:
		return c.getFeature(cmd)
	}
	return 0, invalidOpcode
}

// createCQ makes a completion queue (5.3).
func (c *Controller) createCQ(cmd *Command) uint16 {
	id, size, vector := uint16(cmd.dword(10)), cmd.dword(10)>>16+1, uint16(cmd.dword(11)>>16)
	switch {
	case id == 0 || id >= queues || c.state.CQ[id].Size != 0:
		return badQueueID
	case size < 2 || size > maxEntries:
		return badQueueSize
	case cmd.dword(11)&1 == 0:
		return invalidField // queues must be contiguous
	case cmd.prp(1)%pageSize != 0:
		return badPRPOffset
	case vector >= queues || vector != 0 && !c.config.MSIX():
		return badVector
	}
	c.state.CQ[id] = CQ{Base: cmd.prp(1), Size: size, Phase: true, Vector: vector, Interrupts: cmd.dword(11)&2 != 0}
	return success
}

// createSQ makes a submission queue (5.4).
func (c *Controller) createSQ(cmd *Command) uint16 {
	id, size, cq := uint16(cmd.dword(10)), cmd.dword(10)>>16+1, uint16(cmd.dword(11)>>16)
	switch {
	case id == 0 || id >= queues || c.state.SQ[id].Size != 0:
		return badQueueID
	case size < 2 || size > maxEntries:
		return badQueueSize
	case cq == 0 || cq >= queues || c.state.CQ[cq].Size == 0:
		return badCQ
	case cmd.dword(11)&1 == 0:
		return invalidField
	case cmd.prp(1)%pageSize != 0:
		return badPRPOffset
	}
	c.state.SQ[id] = SQ{Base: cmd.prp(1), Size: size, CQ: cq}
	return success
}

// deleteCQ takes a completion queue away, which no submission queue may still use (5.5).
func (c *Controller) deleteCQ(cmd *Command) uint16 {
	id := uint16(cmd.dword(10))
	if id == 0 || id >= queues || c.state.CQ[id].Size == 0 {
		return badQueueID
	}
	for i := range c.state.SQ {
		if q := &c.state.SQ[i]; q.Size != 0 && q.CQ == id {
			return badDeletion
		}
	}
	c.state.CQ[id] = CQ{}
	c.level()
	return success
}

// deleteSQ takes a submission queue away and its commands with it (5.6).
func (c *Controller) deleteSQ(cmd *Command) uint16 {
	id := uint16(cmd.dword(10))
	if id == 0 || id >= queues || c.state.SQ[id].Size == 0 {
		return badQueueID
	}
	for i := range c.state.Flight {
		if f := &c.state.Flight[i]; f.Used && !f.Dead && f.Queue == id {
			c.complete(f, 0, deletedQueue)
			f.Dead = true
		}
	}
	c.state.SQ[id] = SQ{}
	return success
}

// abort marks a command that is under way; it is completed at its usual time,
// without being done (5.1). The result is 0 if there is one.
func (c *Controller) abort(cmd *Command) uint32 {
	queue, id := uint16(cmd.dword(10)), uint16(cmd.dword(10)>>16)
	for i := range c.state.Flight {
		if f := &c.state.Flight[i]; f.Used && !f.Dead && f.Queue == queue && f.id() == id {
			f.Aborted = true
			return 0
		}
	}
	return 1
}

// asyncRequest keeps a request for the next asynchronous event (5.2).
func (c *Controller) asyncRequest(id uint16) {
	if len(c.state.AERs) == maxAERs {
		c.post(0, id, 0, tooManyAERs|doNotRetry)
		return
	}
	c.state.AERs = append(c.state.AERs, id)
	c.sendEvents()
}

// errorEvent reports an error that belongs to no command (figure 147), unless
// one was reported already.
func (c *Controller) errorEvent(info uint32) {
	if !c.state.Reported && len(c.state.Events) == 0 {
		c.state.Events = append(c.state.Events, logError<<16|info<<8)
		c.sendEvents()
	}
}

// sendEvents completes requests with the events that are to be reported.
func (c *Controller) sendEvents() {
	s := &c.state
	for len(s.Events) > 0 && len(s.AERs) > 0 && c.room(0) > c.under(0) {
		c.post(0, s.AERs[0], s.Events[0], success)
		s.AERs, s.Events = s.AERs[1:], s.Events[1:]
		s.Reported = true
	}
}
