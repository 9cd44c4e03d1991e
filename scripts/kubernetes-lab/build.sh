#!/bin/sh
# Builds the servers of Kubernetes 1.20.2 for the lab, in DIRECTORY/bin, from Debian bookworm's source package: the newest
# one that holds them (later ones hold kubectl alone). Takes 15 minutes on two cores, and 3.5 GB while it builds.
#
#   scripts/kubernetes-lab/build.sh DIRECTORY
#
# Needs root on Debian bookworm, to install the compiler and what else it takes. The source comes from where apt gets its
# packages; apt's own lists stay as they are.
set -eu
directory=$(realpath -m "${1:?usage: build.sh DIRECTORY}")
version=1.20.2

mkdir -p "$directory/bin" "$directory/home" "$directory/lists/partial"
cd "$directory"
apt-get update --quiet=2
DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 golang-1.19-go rsync make patch dpkg-dev xz-utils
apt-get indextargets --format 'deb-src $(REPO_URI) $(CODENAME) main' 'Codename: bookworm' |
  sort -u >sources.list
sources="-o Dir::Etc::SourceList=$directory/sources.list -o Dir::Etc::SourceParts=- -o Dir::State::Lists=$directory/lists"
# shellcheck disable=SC2086 -- options
apt-get $sources update --quiet=2
# shellcheck disable=SC2086 -- options
apt-get $sources source --download-only kubernetes
tar -xf kubernetes_*.orig.tar.*
tar -xf kubernetes_*.debian.tar.*
cd "kubernetes-$version"
while read -r name; do patch --strip=1 --silent <"../debian/patches/$name"; done <../debian/patches/series

# The source predates Go modules: it has to be at its place below GOPATH.
mkdir -p .go/src/k8s.io
ln -sfn ../../.. .go/src/k8s.io/kubernetes
export GOPATH="$PWD/.go" PATH="/usr/lib/go-1.19/bin:$PATH" HOME="$directory/home" GO111MODULE=off CGO_ENABLED=0
cat >"$directory/version" <<END
KUBE_GIT_COMMIT=0
KUBE_GIT_TREE_STATE=clean
KUBE_GIT_VERSION=v$version
KUBE_GIT_MAJOR=1
KUBE_GIT_MINOR=20
END
KUBE_GIT_VERSION_FILE=$directory/version make generated_files

cd .go/src/k8s.io/kubernetes
flags='-s -w'
for package in component-base/version client-go/pkg/version; do
  name=k8s.io/kubernetes/vendor/k8s.io/$package
  flags="$flags -X $name.gitVersion=v$version -X $name.gitMajor=1 -X $name.gitMinor=20 -X $name.gitTreeState=clean"
done
# Without what cloud providers bring, it takes 12 minutes of CPU time instead of 20.
go build -tags providerless -installsuffix static -ldflags "$flags" -o "$directory/bin/" \
  ./cmd/kube-apiserver ./cmd/kube-controller-manager ./cmd/kube-scheduler ./cmd/kubelet
echo "Built: export LOCALRUN_KUBERNETES_BIN=$directory/bin" >&2
