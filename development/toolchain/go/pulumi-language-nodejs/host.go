package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"time"

	"github.com/pulumi/pulumi/sdk/v3/go/common/util/cmdutil"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/logging"
	"github.com/pulumi/pulumi/sdk/v3/go/common/version"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
	"google.golang.org/protobuf/types/known/emptypb"
)

// gracePeriod is how long an interrupted child may take to end. The CLI grants the host five seconds in all.
const gracePeriod = 2 * time.Second

// host implements the part of LanguageRuntimeServer that this project's commands call. The rest (installing packages,
// code generation, what `pulumi about` and `pulumi new` ask) is answered with "unimplemented".
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	tracing, engine string

	// alive ends with the process. uncancelled ends before it, when the CLI cancels what is under way.
	alive, uncancelled context.Context
	stop, cancel       context.CancelFunc
	children           atomic.Int32
}

func newHost(tracing, engine string) *host {
	h := &host{tracing: tracing, engine: engine}
	h.alive, h.stop = context.WithCancel(context.Background())
	h.uncancelled, h.cancel = context.WithCancel(h.alive)
	return h
}

// GetPluginInfo returns the version that the linker set (-X .../sdk/v3/go/common/version.Version=...).
func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// Cancel ends policy packs, but not the program: after a first Ctrl-C the engine still finishes the resources that it
// has begun, and the program's hooks for them run in node. When that is done, the CLI interrupts the host together with
// node (see watchSignals); a second Ctrl-C does it at once.
func (h *host) Cancel(context.Context, *emptypb.Empty) (*emptypb.Empty, error) {
	h.cancel()
	return &emptypb.Empty{}, nil
}

// run executes a child until it ends, or until one of both contexts does: then it is interrupted, and killed if that does
// not help. Children stay in the host's process group, so that signals of the CLI to that group reach them without us.
func (h *host) run(request, until context.Context, prepare func(context.Context) *exec.Cmd) error {
	ctx, cancel := context.WithCancel(request)
	defer cancel()
	defer context.AfterFunc(until, cancel)()

	command := prepare(ctx)
	command.Cancel = func() error {
		if err := command.Process.Signal(os.Interrupt); err != nil {
			return command.Process.Kill() // Windows has no such signal.
		}
		return nil
	}
	command.WaitDelay = gracePeriod
	logging.V(5).Infof("running %s in %s", strings.Join(command.Args, " "), command.Dir)
	h.children.Add(1)
	defer h.children.Add(-1)
	return command.Run()
}

// shutdown ends the process and all that it has started. What a child started itself (and what outlives it) is reached
// through the process group; killing that group ends this process too.
func (h *host) shutdown() {
	busy := h.children.Load() > 0
	h.stop()
	for deadline := time.Now().Add(gracePeriod + time.Second); h.children.Load() > 0 && time.Now().Before(deadline); {
		time.Sleep(5 * time.Millisecond)
	}
	if busy {
		// Fails, as it should, where this process is not the leader of its group: the group is then not ours.
		_ = cmdutil.KillChildren(os.Getpid())
	}
	os.Exit(0)
}

// options are what Pulumi.yaml has under runtime.options.
type options struct {
	typescript bool
	// Separated by spaces; quotes are not special.
	nodeArguments []string
}

// optionsOf reads the options of a request. A value of a wrong type is an error: ignored, it would show only as a
// program that behaves oddly. Options that this host does not know are ignored, as in the official one.
func optionsOf(program *pulumirpc.ProgramInfo) (options, error) {
	result := options{typescript: true}
	for name, value := range program.GetOptions().AsMap() {
		ok := true
		switch name {
		case "typescript":
			result.typescript, ok = value.(bool)
		case "nodeargs":
			var text string
			text, ok = value.(string)
			result.nodeArguments = strings.Fields(text)
		}
		if !ok {
			return options{}, fmt.Errorf("runtime option %q in Pulumi.yaml is of a wrong type: %v", name, value)
		}
	}
	return result, nil
}
