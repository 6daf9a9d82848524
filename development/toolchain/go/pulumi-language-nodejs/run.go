package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"syscall"

	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

const (
	runModule       = "@pulumi/pulumi/cmd/run"
	runPolicyModule = "@pulumi/pulumi/cmd/run-policy-pack"

	// errorAlreadyShown is the exit code by which cmd/run says that the user has read about the error.
	errorAlreadyShown = 32
)

func findNode() (string, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return "", errors.New("node is not on the PATH: install Node.js")
	}
	return node, nil
}

// Run executes a program to its end. An error of the program is part of the response; an error of the call would be
// taken for a fault of this host.
func (h *host) Run(ctx context.Context, request *pulumirpc.RunRequest) (*pulumirpc.RunResponse, error) {
	response := &pulumirpc.RunResponse{}
	err := h.runProgram(ctx, request)
	var exit *exec.ExitError
	switch {
	case err == nil:
	case !errors.As(err, &exit):
		response.Error = err.Error()
	case exit.ExitCode() == errorAlreadyShown:
		response.Bail = true
	case exit.ExitCode() < 0:
		response.Error = "the program was ended: " + exit.String()
	default:
		response.Error = fmt.Sprintf("Program exited with non-zero exit code: %d", exit.ExitCode())
	}
	return response, nil
}

func (h *host) runProgram(ctx context.Context, request *pulumirpc.RunRequest) error {
	if request.GetAttachDebugger() {
		return errors.New("this language host cannot start a program under a debugger: " +
			"use the runtime option nodeargs (--inspect-brk) instead")
	}
	info := request.GetInfo()
	options, err := optionsOf(info)
	if err != nil {
		return err
	}
	node, err := findNode()
	if err != nil {
		return err
	}
	runner, err := findModule(info.GetProgramDirectory(), runModule)
	if err != nil {
		return err
	}
	environment, err := programEnvironment(request, options)
	if err != nil {
		return err
	}

	arguments := append(options.nodeArguments, runner)
	// "--name=value" and not "--name value": a value may begin with a dash.
	for _, argument := range [][2]string{
		{"monitor", request.GetMonitorAddress()},
		{"engine", h.engine},
		{"organization", request.GetOrganization()},
		{"project", request.GetProject()},
		{"root-directory", info.GetRootDirectory()},
		{"stack", request.GetStack()},
		{"pwd", request.GetPwd()},
		{"parallel", strconv.Itoa(int(request.GetParallel()))},
		{"tracing", h.tracing},
	} {
		if argument[1] != "" {
			arguments = append(arguments, "--"+argument[0]+"="+argument[1])
		}
	}
	if request.GetDryRun() {
		arguments = append(arguments, "--dry-run")
	}
	arguments = append(arguments, entryPoint(info))
	arguments = append(arguments, request.GetArgs()...)

	err = h.run(ctx, h.alive, func(ctx context.Context) *exec.Cmd {
		command := exec.CommandContext(ctx, node, arguments...)
		command.Dir, command.Env = request.GetPwd(), environment
		// The CLI reads our output; node may write to it directly.
		command.Stdout, command.Stderr = os.Stdout, os.Stderr
		return command
	})
	if errors.Is(err, syscall.E2BIG) {
		return errors.New("the stack's configuration is too large: node gets it in an environment variable, " +
			"and this system allows no more than 128 KiB for one; " +
			"by how much it has to be shorter, says: scpcloud review --stack STACK --base HEAD")
	}
	return err
}

// entryPoint is "." where Pulumi.yaml names no file: cmd/run then looks into package.json.
func entryPoint(info *pulumirpc.ProgramInfo) string {
	if info.GetEntryPoint() == "" {
		return "."
	}
	return info.GetEntryPoint()
}

// programEnvironment is ours, plus what cmd/run expects in variables instead of arguments.
func programEnvironment(request *pulumirpc.RunRequest, options options) ([]string, error) {
	config := request.GetConfig()
	if config == nil {
		config = map[string]string{}
	}
	configJSON, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	secretKeys := request.GetConfigSecretKeys()
	if secretKeys == nil {
		secretKeys = []string{}
	}
	secretKeysJSON, err := json.Marshal(secretKeys)
	if err != nil {
		return nil, err
	}
	return append(os.Environ(),
		"PULUMI_CONFIG="+string(configJSON),
		"PULUMI_CONFIG_SECRET_KEYS="+string(secretKeysJSON),
		"PULUMI_NODEJS_TYPESCRIPT="+strconv.FormatBool(options.typescript),
		// cmd/run would leave the "true" that an update inherits where a program under preview starts it.
		"PULUMI_NODEJS_DRY_RUN="+strconv.FormatBool(request.GetDryRun()),
	), nil
}

// RunPlugin runs a policy pack. It ends when the CLI hangs up.
func (h *host) RunPlugin(
	request *pulumirpc.RunPluginRequest, stream pulumirpc.LanguageRuntime_RunPluginServer,
) error {
	if request.GetKind() != "analyzer" || request.GetAttachDebugger() {
		return errors.New("this language host runs policy packs only, and none under a debugger")
	}
	info := request.GetInfo()
	options, err := optionsOf(info)
	if err != nil {
		return err
	}
	node, err := findNode()
	if err != nil {
		return err
	}
	var arguments []string
	for _, argument := range request.GetArgs() {
		// node's argument parser would take the engine's address for the value of this flag.
		if argument != "--logtostderr" {
			arguments = append(arguments, argument)
		}
	}
	directory := info.GetProgramDirectory()
	runner, err := findModule(directory, runPolicyModule)
	if err != nil {
		return err
	}

	var sending sync.Mutex // gRPC forbids to send from two goroutines, and the two outputs have one each.
	send := func(response *pulumirpc.RunPluginResponse) error {
		sending.Lock()
		defer sending.Unlock()
		return stream.Send(response)
	}
	err = h.run(stream.Context(), h.uncancelled, func(ctx context.Context) *exec.Cmd {
		command := exec.CommandContext(ctx, node, append(append(options.nodeArguments, runner), append(arguments, directory)...)...)
		// Its tsconfig.json is looked for in the working directory.
		command.Dir, command.Env = directory, request.GetEnv()
		command.Stdout = writer(func(data []byte) error {
			return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stdout{Stdout: data}})
		})
		command.Stderr = writer(func(data []byte) error {
			return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Stderr{Stderr: data}})
		})
		return command
	})
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return err
	}
	code := int32(0)
	if exit != nil {
		code = int32(exit.ExitCode())
	}
	return send(&pulumirpc.RunPluginResponse{Output: &pulumirpc.RunPluginResponse_Exitcode{Exitcode: code}})
}

// writer makes an io.Writer of a function. gRPC keeps no data after it was sent, so nothing has to be copied.
type writer func([]byte) error

func (w writer) Write(data []byte) (int, error) {
	if err := w(data); err != nil {
		return 0, err
	}
	return len(data), nil
}
