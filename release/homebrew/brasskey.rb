class Brasskey < Formula
  desc "Security key in software, and tool that tests and manages any security key"
  homepage "@REPOSITORY@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

@ARCHIVES@

  def install
    bin.install "brasskey"
    man1.install Dir["doc/*.1"]
    bash_completion.install "complete/brasskey.bash" => "brasskey"
    fish_completion.install "complete/brasskey.fish"
    zsh_completion.install "complete/_brasskey"
    pkgshare.install "contrib"
  end

  test do
    system bin/"brasskey", "selftest", "--ephemeral"
  end
end
