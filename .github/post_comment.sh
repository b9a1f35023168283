#!/usr/bin/env bash
# Posts the comment on a pull request that review.yml wrote, or renews it: one comment, not many.
#
#     GH_TOKEN=... REPOSITORY=owner/name NUMBER=12 bash .github/post_comment.sh comment.md
#
# The text is data in a file, never part of a command.
set -euo pipefail
file=$1
mark='<!-- selfpredict review -->'
most=60000  # bytes; GitHub takes 65,536 characters
[[ $NUMBER =~ ^[0-9]+$ ]] || { echo "NUMBER: '$NUMBER' is no number of a pull request" >&2; exit 2; }
[[ $REPOSITORY =~ ^[A-Za-z0-9._-]+/[A-Za-z0-9._-]+$ ]] || { echo "REPOSITORY: no owner/name" >&2; exit 2; }
[[ $(head -n 1 "$file") == "$mark" ]] || { echo "$file: does not begin with $mark" >&2; exit 2; }
if (( $(wc -c < "$file") > most )); then
  echo "$file: has over $most bytes, which is no comment" >&2
  exit 2
fi
ours='.[] | select(.user.login == "github-actions[bot]" and (.body | startswith("'"$mark"'"))) | .id'
found=$(gh api --paginate "repos/$REPOSITORY/issues/$NUMBER/comments" --jq "$ours")
id=${found%%$'\n'*}
if [[ -n $id ]]; then
  gh api --method PATCH "repos/$REPOSITORY/issues/comments/$id" --field "body=@$file" --silent
  echo "renewed the comment $id"
else
  gh api --method POST "repos/$REPOSITORY/issues/$NUMBER/comments" --field "body=@$file" --silent
  echo "posted the comment"
fi
