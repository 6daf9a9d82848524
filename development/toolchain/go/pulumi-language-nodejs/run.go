package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// errorAlreadyShown is the exit code by which cmd/run says that the user has read about the error.
const errorAlreadyShown = 32

// Run executes a program to its end. An error of the program is part of the response; an error of the call would be
// taken for a fault of this host.
func (h *host) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	response := &pulumirpc.RunResponse{}
	err := h.runProgram(ctx, request)
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.Is(err, syscall.E2BIG):
		response.Error = "the stack's configuration is too large: node gets it in an environment variable, " +
			"and this system allows no more than 128 KiB for one; " +
			"by how much it has to be shorter, says: scpcloud review --stack STACK --base HEAD"
	case errors.As(err, &exit) && exit.ExitCode() == errorAlreadyShown:
		response.Bail = true
	default:
		response.Error = "the program did not run to its end: " + err.Error()
	}
	return response, nil
}

func (h *host) runProgram(ctx context.Context, request *pulumirpc.RunRequest) error {
	config, err := json.Marshal(request.GetConfig())
	if err != nil {
		return err
	}
	secretKeys, err := json.Marshal(append([]string{}, request.GetConfigSecretKeys()...))
	if err != nil {
		return err
	}
	info := request.GetInfo()
	// "--name=value" and not "--name value": a value may begin with a dash.
	arguments := []string{
		"--monitor=" + request.GetMonitorAddress(),
		"--engine=" + h.engine,
		"--organization=" + request.GetOrganization(),
		"--project=" + request.GetProject(),
		"--root-directory=" + info.GetRootDirectory(),
		"--stack=" + request.GetStack(),
		"--pwd=" + request.GetPwd(),
		"--parallel=" + strconv.Itoa(int(request.GetParallel())),
		"--tracing=" + h.tracing,
	}
	if request.GetDryRun() {
		arguments = append(arguments, "--dry-run")
	}
	arguments = append(append(arguments, info.GetEntryPoint()), request.GetArgs()...)
	command, err := node(ctx, info, "@pulumi/pulumi/cmd/run", arguments)
	if err != nil {
		return err
	}
	command.Dir = request.GetPwd()
	command.Env = append(os.Environ(),
		"PULUMI_CONFIG="+string(config),
		"PULUMI_CONFIG_SECRET_KEYS="+string(secretKeys),
		"PULUMI_NODEJS_TYPESCRIPT="+strconv.FormatBool(info.GetOptions().AsMap()["typescript"] != false),
		// cmd/run would leave the "true" that an update inherits where a program under preview starts it.
		"PULUMI_NODEJS_DRY_RUN="+strconv.FormatBool(request.GetDryRun()),
	)
	// The CLI reads our output; node may write to it directly.
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	return command.Run()
}

// node is a command that runs a module, with what Pulumi.yaml has under runtime.options.nodeargs.
func node(ctx context.Context, info *pulumirpc.ProgramInfo, module string, arguments []string) (*exec.Cmd, error) {
	path, err := findModule(info.GetProgramDirectory(), module)
	if err != nil {
		return nil, err
	}
	nodeArguments, _ := info.GetOptions().AsMap()["nodeargs"].(string)
	return exec.CommandContext(ctx, "node", slices.Concat(strings.Fields(nodeArguments), []string{path}, arguments)...), nil
}

// findModule resolves a module as node does, but without starting node for it (which takes 40 ms).
func findModule(directory, module string) (string, error) {
	for folder := directory; ; folder = filepath.Dir(folder) {
		path := filepath.Join(folder, "node_modules", module)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("Cannot find module '%s' in %s or above it: run `npm ci` (or `npm install`) there",
				module, directory)
		}
	}
}

// RunPlugin runs a policy pack. It ends when the CLI hangs up.
func (*host) RunPlugin(request *pulumirpc.RunPluginRequest, stream pulumirpc.LanguageRuntime_RunPluginServer) error {
	info := request.GetInfo()
	directory := info.GetProgramDirectory()
	// node's argument parser would take the engine's address for the value of this flag.
	arguments := slices.DeleteFunc(request.GetArgs(), func(argument string) bool { return argument == "--logtostderr" })
	command, err := node(
		stream.Context(), info, "@pulumi/pulumi/cmd/run-policy-pack", append(arguments, directory))
	if err != nil {
		return err
	}
	var sending sync.Mutex // gRPC forbids to send from two goroutines, and the two outputs have one each.
	send := func(response *pulumirpc.RunPluginResponse) error {
		sending.Lock()
		defer sending.Unlock()
		return stream.Send(response)
	}
	// Its tsconfig.json is looked for in the working directory.
	command.Dir, command.Env = directory, request.GetEnv()
	command.Stdout = writer(func(data []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: data}})
	})
	command.Stderr = writer(func(data []byte) error {
		return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: data}})
	})
	var exit *exec.ExitError
	if err := command.Run(); err != nil && !errors.As(err, &exit) {
		return err
	}
	code := int32(command.ProcessState.ExitCode())
	return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code}})
}

// writer makes an io.Writer of a function. gRPC keeps no data after it was sent, so nothing has to be copied.
type writer func([]byte) error

func (w writer) Write(data []byte) (int, error) {
	return len(data), w(data)
}
