package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/blang/semver"
	"github.com/pulumi/pulumi/sdk/v3/go/common/util/rpcutil"
	pulumirpc "github.com/pulumi/pulumi/sdk/v3/proto/go"
)

// packageJSON is what we need of a package.json.
type packageJSON struct {
	Name                 string            `json:"name"`
	Version              string            `json:"version"`
	Dependencies         map[string]string `json:"dependencies"`
	OptionalDependencies map[string]string `json:"optionalDependencies"`
	DevDependencies      map[string]string `json:"devDependencies"`
	Pulumi               struct {
		Resource                  bool              `json:"resource"`
		Name                      string            `json:"name"`
		Version                   string            `json:"version"`
		Server                    string            `json:"server"`
		Parameterization          *parameterization `json:"parameterization"`
		ExtensionParameterization *parameterization `json:"extensionParameterization"`
	} `json:"pulumi"`
}

type parameterization struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Value   []byte `json:"value"`
}

func (p *parameterization) message() *pulumirpc.PackageParameterization {
	if p == nil {
		return nil
	}
	return &pulumirpc.PackageParameterization{Name: p.Name, Version: p.Version, Value: p.Value}
}

// searchUp returns the first of directory/name, directory/../name and so on that exists.
func searchUp(directory, name string) (string, error) {
	for {
		path := filepath.Join(directory, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		parent := filepath.Dir(directory)
		if parent == directory {
			return "", fs.ErrNotExist
		}
		directory = parent
	}
}

// findModule resolves a file of a package as node does, but without starting node for it (which takes 40 ms).
// Yarn's Plug'n'Play, which has no node_modules, is not supported.
func findModule(directory, module string) (string, error) {
	path, err := searchUp(directory, filepath.Join("node_modules", filepath.FromSlash(module)))
	if err != nil {
		return "", fmt.Errorf("Cannot find module '%s' in %s or above it: run `npm ci` (or `npm install`) there",
			moduleName(module), directory)
	}
	return path, nil
}

func readPackageJSON(path string) (packageJSON, error) {
	var result packageJSON
	data, err := os.ReadFile(path)
	if err != nil {
		return result, err
	}
	if err := json.Unmarshal(data, &result); err != nil {
		return result, fmt.Errorf("%s: %w", path, err)
	}
	return result, nil
}

// programPackage reads the program's package.json, which may be above the program's directory. A program without one
// is valid and depends on nothing.
func programPackage(directory string) (packageJSON, error) {
	path, err := searchUp(directory, "package.json")
	if err != nil {
		return packageJSON{}, nil
	}
	return readPackageJSON(path)
}

// requiredPackages names the resource plugins of the program's direct dependencies, whether the program uses them or
// not: nobody can know before it runs. That harms nothing. The engine tries to install what is missing before a preview
// or update, or does not even try (PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION), and goes on either way; only a plugin
// that a resource then asks for must exist. Plugins of indirect dependencies are found in that same moment, so that
// there is no need to search node_modules for them.
func requiredPackages(directory string) ([]*pulumirpc.PackageDependency, error) {
	program, err := programPackage(directory)
	if err != nil {
		return nil, err
	}
	names := slices.Collect(maps.Keys(program.Dependencies))
	for name := range program.OptionalDependencies {
		if _, known := program.Dependencies[name]; !known {
			names = append(names, name)
		}
	}
	slices.Sort(names)

	var result []*pulumirpc.PackageDependency
	for _, name := range names {
		path, err := searchUp(directory, filepath.Join("node_modules", filepath.FromSlash(name), "package.json"))
		if err != nil {
			continue // Not installed. If it is needed, node will say so better than we could.
		}
		// A package.json that has something else under "pulumi" is none of our business.
		dependency, err := readPackageJSON(path)
		if err != nil || !dependency.Pulumi.Resource {
			continue
		}
		result = append(result, &pulumirpc.PackageDependency{
			Name:             firstOf(dependency.Pulumi.Name, name[strings.LastIndex(name, "/")+1:]),
			Kind:             "resource",
			Version:          pluginVersion(firstOf(dependency.Pulumi.Version, dependency.Version)),
			Server:           dependency.Pulumi.Server,
			Parameterization: dependency.Pulumi.Parameterization.message(),
			Extension:        dependency.Pulumi.ExtensionParameterization.message(),
		})
	}
	return result, nil
}

func firstOf(preferred, otherwise string) string {
	if preferred != "" {
		return preferred
	}
	return otherwise
}

// pluginVersion adds the "v". It drops what is no version (an unpublished package has "${VERSION}"), because the engine
// would refuse to go on; without a version it takes any.
func pluginVersion(version string) string {
	parsed, err := semver.ParseTolerant(version)
	if err != nil {
		return ""
	}
	return "v" + parsed.String()
}

// GetRequiredPackages: see requiredPackages.
func (h *host) GetRequiredPackages(
	_ context.Context, request *pulumirpc.GetRequiredPackagesRequest,
) (*pulumirpc.GetRequiredPackagesResponse, error) {
	packages, err := requiredPackages(request.GetInfo().GetProgramDirectory())
	if err != nil {
		return nil, err
	}
	return &pulumirpc.GetRequiredPackagesResponse{Packages: packages}, nil
}

// GetRequiredPlugins is the same for CLIs from before GetRequiredPackages.
func (h *host) GetRequiredPlugins(
	_ context.Context, request *pulumirpc.GetRequiredPluginsRequest,
) (*pulumirpc.GetRequiredPluginsResponse, error) {
	packages, err := requiredPackages(request.GetInfo().GetProgramDirectory())
	if err != nil {
		return nil, err
	}
	response := &pulumirpc.GetRequiredPluginsResponse{}
	for _, required := range packages {
		response.Plugins = append(response.Plugins, &pulumirpc.PluginDependency{
			Name: required.Name, Kind: required.Kind, Version: required.Version, Server: required.Server,
		})
	}
	return response, nil
}

// GetProgramDependencies lists what is installed, for `pulumi about`. All dependencies stand in the lock file that npm
// itself keeps in node_modules; other package managers have none, and then only direct ones are listed.
func (h *host) GetProgramDependencies(
	_ context.Context, request *pulumirpc.GetProgramDependenciesRequest,
) (*pulumirpc.GetProgramDependenciesResponse, error) {
	directory := request.GetInfo().GetProgramDirectory()
	response := &pulumirpc.GetProgramDependenciesResponse{}
	add := func(name, version string) {
		response.Dependencies = append(response.Dependencies, &pulumirpc.DependencyInfo{Name: name, Version: version})
	}

	lockFile, err := searchUp(directory, filepath.Join("node_modules", ".package-lock.json"))
	if request.GetTransitiveDependencies() && err == nil {
		data, err := os.ReadFile(lockFile)
		if err != nil {
			return nil, err
		}
		var lock struct {
			Packages map[string]struct{ Version string }
		}
		if err := json.Unmarshal(data, &lock); err != nil {
			return nil, fmt.Errorf("%s: %w", lockFile, err)
		}
		for _, path := range slices.Sorted(maps.Keys(lock.Packages)) {
			add(path[strings.LastIndex(path, "node_modules/")+len("node_modules/"):], lock.Packages[path].Version)
		}
		return response, nil
	}

	program, err := programPackage(directory)
	if err != nil {
		return nil, err
	}
	direct := map[string]bool{}
	for _, group := range []map[string]string{
		program.Dependencies, program.OptionalDependencies, program.DevDependencies,
	} {
		for name := range group {
			direct[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(direct)) {
		path, err := searchUp(directory, filepath.Join("node_modules", filepath.FromSlash(name), "package.json"))
		if err != nil {
			continue
		}
		if dependency, err := readPackageJSON(path); err == nil {
			add(name, dependency.Version)
		}
	}
	return response, nil
}

// InstallDependencies serves `pulumi install` and `pulumi new`. With npm it keeps exactly to the lock file where nothing
// is installed yet; `npm ci` elsewhere would delete what is.
func (h *host) InstallDependencies(
	request *pulumirpc.InstallDependenciesRequest, stream pulumirpc.LanguageRuntime_InstallDependenciesServer,
) error {
	options, err := h.optionsOf(request.GetInfo())
	if err != nil {
		return err
	}
	manager, err := exec.LookPath(options.packageManager)
	if err != nil {
		return fmt.Errorf("%s is not on the PATH", options.packageManager)
	}
	directory := request.GetInfo().GetProgramDirectory()
	if path, err := searchUp(directory, "package.json"); err == nil {
		directory = filepath.Dir(path)
	}
	arguments := []string{"install"}
	if options.packageManager == "npm" {
		if exists(directory, "package-lock.json") && !exists(directory, "node_modules") {
			arguments = []string{"ci"}
		}
		if request.GetIsPlugin() {
			arguments = append(arguments, "--omit=dev")
		}
	}

	// With a terminal this is a pseudo terminal; otherwise one stream for both outputs, because gRPC forbids to send from
	// two goroutines.
	closer, output, _, err := rpcutil.MakeInstallDependenciesStreams(stream, request.GetIsTerminal())
	if err != nil {
		return err
	}
	err = h.run(stream.Context(), h.uncancelled, func(ctx context.Context) *exec.Cmd {
		_, _ = io.WriteString(output, fmt.Sprintf("Running %s %s\n", options.packageManager, strings.Join(arguments, " ")))
		command := exec.CommandContext(ctx, manager, arguments...)
		command.Dir, command.Stdout, command.Stderr = directory, output, output
		return command
	})
	if err != nil {
		err = fmt.Errorf("%s %s: %w", options.packageManager, strings.Join(arguments, " "), err)
	}
	return errors.Join(err, closer.Close())
}

func exists(directory, name string) bool {
	_, err := os.Stat(filepath.Join(directory, name))
	return err == nil
}
