package machine

// WantsInput tells whether software has asked the serial port to interrupt it
// when input comes. Before that, input may be lost: drivers clear the port when
// they set it up.
func (m *Machine) WantsInput() bool { return m.devices.uart.Listens() }
