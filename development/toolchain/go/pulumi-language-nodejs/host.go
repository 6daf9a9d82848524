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

// host implements LanguageRuntimeServer. What it does not implement (code generation, Link, Pack, Template) is answered
// with "unimplemented", which the CLI understands.
type host struct {
	pulumirpc.UnimplementedLanguageRuntimeServer

	tracing  string
	defaults options
	engine   atomic.Pointer[string]

	// alive ends with the process. uncancelled ends before it, when the CLI cancels what is under way.
	alive, uncancelled context.Context
	stop, cancel       context.CancelFunc
	children           atomic.Int32
}

func newHost(tracing string, defaults options) *host {
	h := &host{tracing: tracing, defaults: defaults}
	h.alive, h.stop = context.WithCancel(context.Background())
	h.uncancelled, h.cancel = context.WithCancel(h.alive)
	return h
}

// Handshake is called only by a CLI that attached to a host which was started by hand.
func (h *host) Handshake(
	_ context.Context, request *pulumirpc.LanguageHandshakeRequest,
) (*pulumirpc.LanguageHandshakeResponse, error) {
	if h.engine.Load() == nil && request.GetEngineAddress() != "" {
		if err := h.connect(request.GetEngineAddress()); err != nil {
			return nil, err
		}
	}
	return &pulumirpc.LanguageHandshakeResponse{}, nil
}

// GetPluginInfo returns the version that the linker set (-X .../sdk/v3/go/common/version.Version=...).
func (h *host) GetPluginInfo(context.Context, *emptypb.Empty) (*pulumirpc.PluginInfo, error) {
	return &pulumirpc.PluginInfo{Version: version.Version}, nil
}

// RuntimeOptionsPrompts has nothing to ask for in `pulumi new`: every option has a default.
func (h *host) RuntimeOptionsPrompts(
	context.Context, *pulumirpc.RuntimeOptionsRequest,
) (*pulumirpc.RuntimeOptionsResponse, error) {
	return &pulumirpc.RuntimeOptionsResponse{}, nil
}

// About tells which node would run a program.
func (h *host) About(ctx context.Context, _ *pulumirpc.AboutRequest) (*pulumirpc.AboutResponse, error) {
	node, err := findNode()
	if err != nil {
		return nil, err
	}
	output, err := exec.CommandContext(ctx, node, "--version").Output()
	if err != nil {
		return nil, err
	}
	return &pulumirpc.AboutResponse{Executable: node, Version: strings.TrimSpace(string(output))}, nil
}

// Cancel ends installations and plugins, but not the program: after a first Ctrl-C the engine still finishes the
// resources that it has begun, and the program's hooks for them run in node. When that is done, the CLI interrupts the
// host together with node (see watchSignals); a second Ctrl-C does it at once.
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
	typescript     bool
	tsconfig       string
	nodeargs       string
	packageManager string
}

// optionsOf reads the options of a request. A value of a wrong type is an error: ignored, it would show only as a
// program that behaves oddly. Options that this host does not know are ignored, as in the official one.
func (h *host) optionsOf(program *pulumirpc.ProgramInfo) (options, error) {
	result := h.defaults
	fields := program.GetOptions().AsMap()
	for name, target := range map[string]*string{
		"tsconfig":       &result.tsconfig,
		"nodeargs":       &result.nodeargs,
		"packagemanager": &result.packageManager,
	} {
		value, found := fields[name]
		if !found {
			continue
		}
		text, ok := value.(string)
		if !ok {
			return options{}, fmt.Errorf("runtime option %q in Pulumi.yaml must be a string, not %v", name, value)
		}
		*target = text
	}
	switch value := fields["typescript"].(type) {
	case nil:
	case bool:
		result.typescript = value
	default:
		return options{}, fmt.Errorf("runtime option \"typescript\" in Pulumi.yaml must be a boolean, not %v", value)
	}
	switch result.packageManager {
	case "":
		result.packageManager = "npm"
	case "npm", "yarn", "pnpm", "bun":
	default:
		return options{}, fmt.Errorf(
			"runtime option \"packagemanager\" in Pulumi.yaml must be npm, yarn, pnpm or bun, not %q", result.packageManager)
	}
	return result, nil
}

// nodeArguments are separated by spaces; quotes are not special.
func (o options) nodeArguments() []string {
	return strings.Fields(o.nodeargs)
}
