package experiments

import "resvirt/faults"

// outcomeMeanings say for people what docs/definitions.md defines.
var outcomeMeanings = [faults.Outcomes]string{
	faults.NotApplied:    "the run ended before the trigger, or there was nothing to strike",
	faults.Converged:     "no effect: from some position on, the state equals the golden one",
	faults.Latent:        "no effect on output, but the state still differs at the end",
	faults.Silent:        "some output is wrong or missing, and nothing was detected",
	faults.Hang:          "no end by the deadline, or a machine reset, and nothing was detected",
	faults.Recovered:     "detected; every VM's output is right, the final checks and every probe passed",
	faults.VMLost:        "detected; the hypervisor survived, some VM did not",
	faults.ComponentLost: "detected; the hypervisor did not survive: it halted, failed again, hung, reset, or failed a probe or its final checks",
	faults.NoModel:       "the run reached what real hardware has and the model lacks",
	faults.ToolError:     "a defect of this tool; the exit status says so",
}

// OutcomeMeaning says what an outcome is.
func OutcomeMeaning(o faults.Outcome) string { return outcomeMeanings[o] }
